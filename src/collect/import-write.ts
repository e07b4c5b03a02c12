/**
 * Writes an import: all of its rows or none, in one transaction with a line of the ledger for each camera. The file is
 * planned anew behind the locks of its sites, so that what is written was judged by what the register then holds.
 */
import { sql, type Transaction } from 'kysely';
import { Refusal } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import { localDay, necessityUntil } from '../law/index.ts';
import { appendAll, type Entry } from '../ledger/index.ts';
import { lockSites, neverMs, numberRow, orRefused } from './cameras.ts';
import {
  type ImportPlan,
  type ImportWish,
  type PlanAt,
  type PlannedCamera,
  planImport,
  sitesOfWish,
} from './import-plan.ts';
import { lawfulSites } from './lawful.ts';
import { newRecordRow } from './records.ts';
import { foldName } from './sites.ts';
import type { Progress } from './table.ts';

type Trx = Transaction<Tables>;

/** What the file would do now is not what it would do when it was checked: it is shown again. */
export class PlanChanged extends Refusal {
  readonly plan: ImportPlan;

  constructor(plan: ImportPlan) {
    super('import.wrong', { count: plan.wrong });
    this.plan = plan;
  }
}

/** Rows a statement. */
const batch = 200;

export interface Written {
  readonly plan: ImportPlan;
  readonly ids: ReadonlySet<string>;
}

export async function writeImport(
  trx: Trx,
  grant: Grant<'camera.configure'>,
  wish: ImportWish,
  at: Omit<PlanAt, 'db'> & { readonly importId: string; readonly file: string },
): Promise<Written> {
  const { progress, ...rest } = at;
  await lockSites(trx, (await sitesOfWish(wish, trx)).ids);
  const plan = await planImport(wish, { ...rest, db: trx });
  if (plan.wrong > 0) throw new PlanChanged(plan);
  const told = counting(plan.cameras.length, progress);
  const added = plan.cameras.filter(({ kind }) => kind === 'add');
  for (const some of batches(added)) {
    await insert(trx, grant, some, at.nowMs, wish.begin);
    told(some.length);
  }
  for (const one of plan.cameras) {
    if (one.kind !== 'change') continue;
    await update(trx, one);
    told(1);
  }
  await putRecords(trx, grant, plan.cameras);
  await operate(
    trx,
    added.filter(({ operates }) => operates),
    at.nowMs,
  );
  for (const some of batches(plan.cameras))
    await appendAll(
      trx,
      some.map((one) => entryOf(grant, one, at)),
    );
  return { plan, ids: new Set(plan.cameras.map(({ id }) => id)) };
}

function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += batch) yield all.slice(from, from + batch);
}

function counting(of: number, progress: Progress | undefined): (more: number) => void {
  let done = 0;
  return (more) => {
    done += more;
    progress?.(done, of);
  };
}

/** Columns that every inserted row must have, so that one statement holds many. */
const blank = {
  ...{ sub_url: null, user_name: '', password_sealed: null, sub_user_name: null, sub_password_sealed: null },
  ...{ sound_basis: null, room: null, owner: null, purpose: 'public-safety' as const, lat: null, lon: null },
  ...{ azimuth_deg: null, angle_deg: null, range_m: null, turns: false, end_of_support: null },
};

async function insert(
  trx: Trx,
  grant: Grant,
  some: readonly PlannedCamera[],
  nowMs: number,
  begin: ImportWish['begin'],
): Promise<void> {
  const step = begin === 'planned' ? ('planned' as const) : ('tested' as const);
  const rows = some.map(({ id, siteId, name, number, set, url }) => ({
    ...{
      ...blank,
      ...set,
      url,
      id,
      site_id: siteId,
      name,
      name_folded: foldName(name),
      ...numberRow(number),
    },
    ...{ masked: [...(set.masked ?? [])], capabilities: [...(set.capabilities ?? [])] },
    ...{ transport: 'auto' as const, step, step_at: new Date(grant.atMs), step_by: grant.by.name },
    ordered_ms: begin === 'planned' ? neverMs : Math.floor(nowMs),
    created: new Date(grant.atMs),
  }));
  await orRefused(some[0] ?? { name: '' }, () => trx.insertInto('camera').values(rows).execute());
}

async function update(trx: Trx, one: PlannedCamera): Promise<void> {
  if (Object.keys(one.set).length === 0) return;
  await orRefused(one, () =>
    trx
      .updateTable('camera')
      .set(one.set)
      .set({ revision: sql`revision + 1` })
      .where('id', '=', one.id)
      .execute(),
  );
}

async function putRecords(trx: Trx, grant: Grant, cameras: readonly PlannedCamera[]): Promise<void> {
  const rows = cameras.flatMap(({ siteId, id, records }) =>
    records.map((record) =>
      newRecordRow(
        grant,
        { siteId, cameraId: id },
        record,
        record.kind === 'necessity' ? necessityUntil(record.on) : null,
      ),
    ),
  );
  for (const some of batches(rows))
    await trx
      .insertInto('legal_record')
      .values([...some])
      .execute();
}

/** Those that lack nothing operate at once, now that their records stand. */
async function operate(trx: Trx, cameras: readonly PlannedCamera[], nowMs: number): Promise<void> {
  const sites = await lawfulSites(trx, [...new Set(cameras.map(({ siteId }) => siteId))]);
  for (const [siteId, { timeZone }] of sites) {
    const ids = cameras.filter((one) => one.siteId === siteId).map(({ id }) => id);
    for (const some of batches(ids))
      await trx
        .updateTable('camera')
        .set({ step: 'operating', operating_since: localDay(nowMs, timeZone) })
        .where('id', 'in', [...some])
        .execute();
  }
}

const entryOf = (
  grant: Grant,
  one: PlannedCamera,
  at: { nowMs: number; importId: string; file: string },
): Entry => ({
  ...{ atMs: grant.atMs, actor: grant.by, action: 'camera.configure', outcome: 'done' },
  subject: { kind: 'camera', id: one.id, name: one.name },
  detail: {
    ...{ import: at.importId, file: at.file, row: one.row, number: one.number },
    ...(one.kind === 'add' ? { url: one.url, room: one.set.room ?? null } : { changed: [...one.changed] }),
    ...(one.records.length > 0 ? { records: [...one.records] } : {}),
  },
});
