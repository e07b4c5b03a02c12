/** The endpoints of the use register: searched, what stands out, a month on paper; and shifts on duty. */
import { createHash } from 'node:crypto';
import { Temporal } from 'temporal-polyfill';
import { refuse, rfc3339 } from '../base/index.ts';
import { uses as contract } from '../contract/index.ts';
import {
  anomaliesIn,
  beginShift,
  endShift,
  listUses,
  runningShift,
  type Shift,
  type UseRow,
  usesBetween,
} from '../display/index.ts';
import { canonicalJson } from '../ledger/index.ts';
import { mount } from './route.ts';
import { typeset } from './typeset.ts';
import { type Language, paperOfUse, sheetsOfUse, templateOfUse } from './use-paper.ts';
import type { VideoEdge } from './video-edge.ts';
import { xlsx } from './xlsx.ts';

const dayMs = 86_400_000;

export function mountUses(edge: VideoEdge): void {
  const { kysely } = edge.db;
  mount(edge, contract.uses, {
    handle: async ({ query, note }) => {
      const { from, to, ...rest } = query;
      const page = await listUses(kysely, {
        ...rest,
        fromMs: from === undefined ? undefined : Date.parse(from),
        toMs: to === undefined ? undefined : Date.parse(to),
      });
      const filters = Object.entries(query).filter(([key, value]) => key !== 'limit' && value !== undefined);
      await note({ subject: { kind: 'use' }, detail: Object.fromEntries(filters) });
      const items = page.items.map(asUse);
      return page.next === undefined ? { items } : { items, next: page.next };
    },
  });
  mount(edge, contract.useAnomalies, {
    handle: async ({ query }) => {
      const nowMs = edge.clock.wallMs();
      const rows = await usesBetween(kysely, nowMs - query.days * dayMs, nowMs);
      const items = anomaliesIn(rows).map(({ personId: person, cameraId: camera, ...rest }) => ({
        ...{ ...rest, person, camera },
      }));
      return { items };
    },
  });
  mount(edge, contract.useFile, {
    handle: async ({ params, query, reply, note }) => {
      const { month, lang } = query;
      const made = await monthOf(edge, month);
      // Before it leaves: the digest in the ledger is what a paper is held against, and the ledger's head is signed.
      const { digest, json } = made;
      await note({
        ...{ subject: { kind: 'use', name: month } },
        detail: { month, file: params.file, rows: made.rows.length, sha256: digest },
      });
      const { type, body } = await fileOf(edge, params.file, { ...made, month, json }, lang);
      reply.header('content-type', type);
      reply.header('content-disposition', `attachment; filename="use-${month}-${params.file}"`);
      return body;
    },
  });
  mountShifts(edge);
}

/** A month by the clock of the unit's first site. */
async function monthOf(edge: VideoEdge, month: string) {
  const { kysely } = edge.db;
  const site = await kysely.selectFrom('site').select('time_zone').orderBy('created').executeTakeFirst();
  const zone = site?.time_zone ?? 'UTC';
  const first = Temporal.PlainYearMonth.from(month).toPlainDate({ day: 1 });
  const startOf = (day: Temporal.PlainDate) => day.toZonedDateTime(zone).epochMilliseconds;
  const [fromMs, toMs] = [startOf(first), startOf(first.add({ months: 1 }))];
  if (fromMs > edge.clock.wallMs()) refuse('use.future');
  const rows = await usesBetween(kysely, fromMs, toMs);
  const json = canonicalJson({ month, zone, uses: rows.map(asUse) });
  const digest = createHash('sha256').update(json).digest('hex');
  const unit = await edge.gate.unit();
  return { rows, json, digest, zone, unit: unit?.name ?? '' };
}
export type Month = Awaited<ReturnType<typeof monthOf>> & { readonly month: string };

async function fileOf(
  edge: VideoEdge,
  file: 'register.pdf' | 'register.xlsx' | 'register.json',
  month: Month,
  lang: Language,
): Promise<{ type: string; body: Buffer }> {
  // Bytes, so that nothing on the way writes the same JSON in another way.
  if (file === 'register.json') return { type: 'application/json', body: Buffer.from(month.json) };
  if (file === 'register.xlsx')
    return {
      type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      body: xlsx(sheetsOfUse(month, lang)),
    };
  return { type: 'application/pdf', body: await typeset(templateOfUse, paperOfUse(month, lang), edge.log) };
}

const orNull = (at: Date | null): string | null => (at === null ? null : rfc3339(at.getTime()));
const msOrNull = (ms: number | null): string | null => (ms === null ? null : rfc3339(ms));

export const asUse = (row: UseRow) => ({
  id: row.id,
  ...{ opened: rfc3339(row.opened.getTime()), ended: orNull(row.ended), endedWhy: row.ended_why },
  ...{ person: row.person_id, personName: row.name, unit: row.unit_name },
  ...{ camera: row.camera_id, cameraName: row.camera_name, siteName: row.site_name },
  ...{ kind: row.kind, from: msOrNull(row.from_ms), to: msOrNull(row.to_ms) },
  ...{ purpose: row.purpose_code, reason: row.purpose, forWhom: row.for_whom, authority: row.authority },
  ...{ permission: row.permission_id, shift: row.post },
  deliveredS: Math.round(row.delivered_s * 10) / 10,
  ...{ stills: row.stills, exports: row.exports, exportBytes: row.export_bytes },
});

const asShift = ({ id, post, beganMs, endsMs }: Shift) => ({
  ...{ id, post, began: rfc3339(beganMs), ends: rfc3339(endsMs) },
});

function mountShifts(edge: VideoEdge): void {
  mount(edge, contract.myShift, {
    handle: async ({ who }) => {
      const shift = await runningShift(edge.db.kysely, who, edge.clock.wallMs());
      return { shift: shift && asShift(shift) };
    },
  });
  mount(edge, contract.beginShift, {
    handle: async ({ who, grant, body, change }) => {
      const shift = await change(
        (trx) => beginShift(trx, grant, who, body.post),
        ({ id }) => ({ subject: { kind: 'shift', id, name: body.post }, detail: { change: 'begin' } }),
      );
      return asShift(shift);
    },
  });
  mount(edge, contract.endShift, {
    handle: async ({ who, grant, body, change }) => {
      const id = await change(
        (trx) => endShift(trx, grant, who, body.note),
        (ended) => ({ subject: { kind: 'shift', id: ended }, reason: body.note, detail: { change: 'end' } }),
      );
      edge.views.shiftEnded(id);
      return {};
    },
  });
}
