/** The endpoints that look over many cameras: their calendars, and which of them have gaps. */
import { idPattern, refuse } from '../base/index.ts';
import { type Camera, findCamera } from '../collect/index.ts';
import { display } from '../contract/index.ts';
import type { Who } from '../gate/index.ts';
import { calendarOf, camerasWithGaps, daysOf } from '../store/index.ts';
import { mount } from './route.ts';
import { asGap, type VideoEdge } from './video-edge.ts';

export function mountRecorded(edge: VideoEdge): void {
  mount(edge, display.calendars, {
    handle: async ({ who, query }) => {
      daysOf(query.month, 'UTC'); // Refuses what is no month.
      const after = afterOf(query.cursor) ?? '';
      const all = edge.cameras
        .all()
        .filter((camera) => query.site === undefined || camera.siteId === query.site)
        .filter((camera) => camera.id > after && mayRead(edge, who, camera))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const page = all.slice(0, query.limit);
      const found = await calendarOf(
        edge.db,
        page.map(({ id }) => id),
        query.month,
      );
      const items = page.map(({ id, name, siteId }, index) => ({
        ...{ camera: id, name, siteId },
        days: found[index]!.days.map(([day, seconds]): [number, number] => [day, seconds]),
        away: [...found[index]!.away],
      }));
      return { items, ...nextOf(all.length > query.limit ? page.at(-1)?.id : undefined) };
    },
  });
  mount(edge, display.gaps, {
    handle: async ({ who, query }) => {
      const found = await camerasWithGaps(edge, {
        ...{ fromMs: Date.parse(query.from), toMs: Date.parse(query.to), siteId: query.site },
        ...{ after: afterOf(query.cursor), limit: query.limit },
      });
      const cameras = await Promise.all(
        found.items.map(
          async ({ cameraId }) => edge.cameras.get(cameraId) ?? findCamera(edge.db.kysely, cameraId),
        ),
      );
      const items = found.items.flatMap(({ gaps, lostMs, awayMs }, index) => {
        const { id, name, siteId, siteName } = cameras[index]!;
        if (!mayRead(edge, who, cameras[index]!)) return [];
        const figures = { lostS: lostMs / 1000, awayS: awayMs / 1000 };
        return [{ camera: id, name, siteId, siteName, ...figures, gaps: gaps.map(asGap) }];
      });
      return { items, ...nextOf(found.next) };
    },
  });
}

const mayRead = (edge: VideoEdge, who: Who, { id, name, siteId }: Camera): boolean =>
  edge.gate.can(who, 'camera.read', { kind: 'camera', id, name, siteId }) === true;

const nextOf = (next: string | undefined): { next?: string } => (next === undefined ? {} : { next });

function afterOf(cursor: string | undefined): string | undefined {
  if (cursor !== undefined && !idPattern.test(cursor)) refuse('request.malformed', { what: 'cursor' });
  return cursor;
}
