/**
 * What stands on record for a site or a camera: why it is needed, that a sign stands, that a neighbour consents. A
 * record is never edited: it ends, and another one is written.
 */
import type { Kysely, Selectable, Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import {
  CalendarError,
  isRecordKind,
  localDay,
  necessityUntil,
  parseDay,
  recordKinds,
} from '../law/index.ts';

export interface NewRecord {
  readonly kind: string;
  readonly on: string;
  readonly until?: string | null | undefined;
  readonly said: string;
}

export interface LegalRecord {
  readonly id: string;
  readonly siteId: string;
  readonly cameraId: string | null;
  readonly kind: string;
  readonly on: string;
  readonly until: string | null;
  readonly said: string;
  readonly writtenMs: number;
  readonly writtenBy: string;
  readonly ended: { readonly atMs: number; readonly by: string; readonly reason: string } | null;
}

type Trx = Transaction<Tables>;

/** `cameraId` null: for the site, and where the kind is of cameras for all of them. */
export async function addRecord(
  trx: Trx,
  grant: Grant<'site.configure' | 'camera.configure'>,
  of: { readonly siteId: string; readonly cameraId: string | null },
  given: NewRecord,
): Promise<string> {
  const site = await trx
    .selectFrom('site')
    .select(['time_zone'])
    .where('id', '=', of.siteId)
    .executeTakeFirst();
  if (!site) refuse('site.unknown');
  checkRecord(given, of.cameraId, localDay(grant.atMs, site.time_zone));
  const until =
    given.kind === 'necessity' ? (given.until ?? necessityUntil(given.on)) : (given.until ?? null);
  const row = newRecordRow(grant, of, given, until);
  await trx.insertInto('legal_record').values(row).execute();
  return row.id;
}

/** As it is written by whoever the grant is of. */
export const newRecordRow = (
  grant: Grant,
  of: { readonly siteId: string; readonly cameraId: string | null },
  given: NewRecord,
  until: string | null,
) => ({
  ...{ id: newId('rec', grant.atMs), site_id: of.siteId, camera_id: of.cameraId, kind: given.kind },
  ...{ on_day: given.on, until_day: until, said: given.said },
  ...{ written: new Date(grant.atMs), written_by: grant.by.name },
});

/** A record of a later day would count before it is true. */
export function checkRecord({ kind, on, until }: NewRecord, cameraId: string | null, today: string): void {
  if (!isRecordKind(kind)) refuse('record.kind');
  if (cameraId !== null && recordKinds[kind].of === 'site') refuse('record.kind');
  // Why a camera is needed is said of one camera, never of all.
  if (cameraId === null && kind === 'necessity') refuse('record.kind');
  for (const day of [on, until ?? on]) if (!isDay(day)) refuse('record.day', { day });
  if (on > today) refuse('record.day', { day: on });
  if (until && (until < on || (kind === 'necessity' && until > necessityUntil(on))))
    refuse('record.day', { day: until });
}

export function isDay(day: string): boolean {
  try {
    parseDay(day);
    return true;
  } catch (error) {
    if (error instanceof CalendarError) return false;
    throw error;
  }
}

export async function findRecord(db: Kysely<Tables>, id: string): Promise<LegalRecord> {
  const row = await db.selectFrom('legal_record').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? asRecord(row) : refuse('record.unknown');
}

const maxRecords = 1_000;

/** Newest first, those that ended too. */
export async function listRecords(
  db: Kysely<Tables>,
  of: { readonly siteId?: string | undefined; readonly cameraId?: string | undefined },
): Promise<LegalRecord[]> {
  const rows = await db
    .selectFrom('legal_record')
    .selectAll()
    .$if(of.siteId !== undefined, (query) => query.where('site_id', '=', of.siteId ?? ''))
    .$if(of.cameraId !== undefined, (query) => query.where('camera_id', '=', of.cameraId ?? ''))
    .orderBy('written', 'desc')
    .orderBy('id', 'desc')
    .limit(maxRecords)
    .execute();
  return rows.map(asRecord);
}

/** Refuses while a camera operates that needs it. */
export async function endRecord(
  trx: Trx,
  grant: Grant<'site.configure' | 'camera.configure'>,
  given: { readonly id: string; readonly reason: string },
): Promise<void> {
  try {
    const ended = await trx
      .updateTable('legal_record')
      .set({ ended: new Date(grant.atMs), ended_by: grant.by.name, ended_reason: given.reason })
      .where('id', '=', given.id)
      .where('ended', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (!ended) refuse('record.unknown');
  } catch (error) {
    if (brokenConstraint(error) === 'camera_operates_by_law') refuse('record.needed');
    throw error;
  }
}

const asRecord = (row: Selectable<Tables['legal_record']>): LegalRecord => ({
  id: row.id,
  siteId: row.site_id,
  cameraId: row.camera_id,
  kind: row.kind,
  on: row.on_day,
  until: row.until_day,
  said: row.said,
  writtenMs: row.written.getTime(),
  writtenBy: row.written_by,
  ended:
    row.ended && row.ended_by
      ? { atMs: row.ended.getTime(), by: row.ended_by, reason: row.ended_reason ?? '' }
      : null,
});
