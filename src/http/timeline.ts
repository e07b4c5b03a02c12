/** The endpoints of one camera's timeline: what is recorded, missing, held and marked in a span, and the days that have any. */
import { rfc3339 } from '../base/index.ts';
import { findCamera } from '../collect/index.ts';
import { display } from '../contract/index.ts';
import type { Subject } from '../gate/index.ts';
import { calendar, keptIn, timeline } from '../store/index.ts';
import { mount } from './route.ts';
import { asGap, asSpan, subjectOf, type VideoEdge } from './video-edge.ts';

/** A retired camera's footage stays, and so does its timeline. */
const everKept =
  (edge: VideoEdge) =>
  async ({ params }: { params: { id: string } }): Promise<Subject> =>
    subjectOf(edge.cameras.get(params.id) ?? (await findCamera(edge.db.kysely, params.id)));

export function mountTimeline(edge: VideoEdge): void {
  mount(edge, display.timeline, {
    subject: everKept(edge),
    handle: async ({ params, query }) => {
      const camera = edge.cameras.get(params.id) ?? (await findCamera(edge.db.kysely, params.id));
      const span = { fromMs: Date.parse(query.from), toMs: Date.parse(query.to) };
      const { spans, small, gaps, oldestMs, newestMs, coverage } = await timeline(edge, camera, span);
      const kept = await keptIn(edge.db.kysely, camera.id, span, edge.clock.wallMs());
      return {
        ...asSpan(span),
        spans: spans.map(asSpan),
        small: small.map(asSpan),
        gaps: gaps.map(asGap),
        holds: kept.holds.map(({ id, ...held }) => ({ id, ...asSpan(held) })),
        marks: kept.marks.map(({ id, kind, ...marked }) => ({ id, kind, ...asSpan(marked) })),
        oldest: oldestMs === null ? null : rfc3339(oldestMs),
        newest: newestMs === null ? null : rfc3339(newestMs),
        coverage,
      };
    },
  });
  mount(edge, display.calendar, {
    subject: everKept(edge),
    handle: async ({ params, query }) => {
      const camera = edge.cameras.get(params.id) ?? (await findCamera(edge.db.kysely, params.id));
      return { days: await calendar(edge, camera, query.month, query.timeZone) };
    },
  });
}
