/**
 * What stands on record for a person, and the moment from which an account is inert, worked out of it. A record is
 * never edited: it ends, and another one is written.
 */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import {
  addDays,
  CalendarError,
  clearedUntil,
  foundingDays,
  isPersonRecordKind,
  lastDayOfRecord,
  localDay,
  type PersonRecord,
  type PersonRecordKind,
  parseDay,
  personRecordKinds,
} from '../law/index.ts';
import type { Grant } from './grant.ts';
import { type EndedWhy, endAllSessions } from './sessions.ts';

type Trx = Transaction<Tables>;

export interface NewPersonRecord {
  readonly kind: string;
  readonly on: string;
  readonly until: string;
  readonly said: string;
  readonly score?: number | null | undefined;
}

export interface WrittenRecord {
  readonly id: string;
  readonly personId: string;
  readonly kind: PersonRecordKind;
  readonly on: string;
  readonly until: string;
  readonly endsMs: number;
  readonly score: number | null;
  readonly said: string;
  readonly writtenMs: number;
  readonly writtenBy: string;
  readonly ended: { readonly atMs: number; readonly by: string; readonly reason: string } | null;
}

/** Sessions that ended because the account fell inert: to be announced after the commit. */
export interface Settled {
  readonly ended: readonly string[];
}

/** The first person's unit has one calendar: that of its first site. */
async function zoneOf(db: Kysely<Tables>): Promise<string> {
  const site = await db
    .selectFrom('site')
    .select('time_zone')
    .orderBy('created')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return site?.time_zone ?? 'Asia/Shanghai';
}

export async function addPersonRecord(
  trx: Trx,
  grant: Grant<'person.configure'>,
  personId: string,
  given: NewPersonRecord,
): Promise<Settled & { readonly id: string }> {
  const zone = await zoneOf(trx);
  const kind = checkPersonRecord(given, localDay(grant.atMs, zone));
  // Only a set-up declares, and only the machine's own command does it again.
  if (kind === 'founding') refuse('record.kind');
  await refuseOwn(trx, grant, personId);
  return writeRecord(trx, grant, { ...given, kind, personId, zone });
}

/** The declaration that lets the first person work before anybody can have vetted them. Returns its last day. */
export async function addFounding(
  trx: Trx,
  grant: Grant<'person.configure'>,
  of: { readonly personId: string; readonly said: string; readonly zone?: string },
): Promise<string> {
  const zone = of.zone ?? (await zoneOf(trx));
  const on = localDay(grant.atMs, zone);
  const until = addDays(on, foundingDays);
  await writeRecord(trx, grant, { ...of, kind: 'founding', on, until, zone });
  return until;
}

async function writeRecord(
  trx: Trx,
  grant: Grant<'person.configure'>,
  of: Omit<NewPersonRecord, 'kind'> & { kind: PersonRecordKind; personId: string; zone: string },
): Promise<Settled & { readonly id: string }> {
  const id = newId('rec', grant.atMs);
  await lockPerson(trx, of.personId);
  await trx
    .insertInto('person_record')
    .values({
      ...{ id, person_id: of.personId, kind: of.kind, on_day: of.on, until_day: of.until, said: of.said },
      // The end of that day by the clock of the place.
      ends: sql`((${of.until}::date + 1)::timestamp at time zone ${of.zone})`,
      score: of.score ?? null,
      ...{ written: new Date(grant.atMs), written_by: grant.by.name, writer_id: grant.by.personId },
    })
    .execute();
  return { id, ...(await settleClearance(trx, of.personId, grant.atMs)) };
}

/** A record of a later day would count before it is true. */
export function checkPersonRecord(given: NewPersonRecord, today: string): PersonRecordKind {
  const { kind, on, until, score } = given;
  if (!isPersonRecordKind(kind)) refuse('record.kind');
  for (const day of [on, until]) if (!isDay(day)) refuse('record.day', { day });
  if (on > today) refuse('record.day', { day: on });
  if (until < on || until > lastDayOfRecord(on)) refuse('record.day', { day: until });
  const isScored = 'hasScore' in personRecordKinds[kind];
  if (isScored !== (score !== undefined && score !== null)) refuse('record.score');
  return kind;
}

function isDay(day: string): boolean {
  try {
    parseDay(day);
    return true;
  } catch (error) {
    if (error instanceof CalendarError) return false;
    throw error;
  }
}

/** Nobody vouches for himself where somebody else could. */
async function refuseOwn(trx: Trx, grant: Grant, personId: string): Promise<void> {
  if (grant.by.personId !== personId) return;
  const other = await trx
    .selectFrom('person')
    .select('id')
    .where('id', '<>', personId)
    .where('active', '=', true)
    .where('cleared_until', '>', new Date(grant.atMs))
    .where(sql<boolean>`'administrator' = any(roles)`)
    .limit(1)
    .executeTakeFirst();
  if (other) refuse('record.own');
}

export async function endPersonRecord(
  trx: Trx,
  grant: Grant<'person.configure'>,
  given: { readonly id: string; readonly reason: string },
): Promise<Settled> {
  const { personId } = await findPersonRecord(trx, given.id);
  await lockPerson(trx, personId);
  const done = await trx
    .updateTable('person_record')
    .set(endedBy(grant, given.reason))
    .where('id', '=', given.id)
    .where('ended', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (!done) refuse('record.unknown');
  return settleClearance(trx, personId, grant.atMs);
}

/** A leaver who comes back begins afresh. */
export async function endAllPersonRecords(trx: Trx, grant: Grant, personId: string, reason: string) {
  await trx
    .updateTable('person_record')
    .set(endedBy(grant, reason))
    .where('person_id', '=', personId)
    .where('ended', 'is', null)
    .execute();
}

const endedBy = (grant: Grant, reason: string) => ({
  ...{ ended: new Date(grant.atMs), ended_by: grant.by.name, ended_reason: reason },
});

/** Two who write at once about one person come one after the other. */
async function lockPerson(trx: Trx, id: string): Promise<void> {
  const row = await trx.selectFrom('person').select('id').where('id', '=', id).forUpdate().executeTakeFirst();
  if (!row) refuse('person.unknown');
}

/** Writes down from when the account is inert. One that worked until now and does so no more loses its sessions. */
export async function settleClearance(
  trx: Trx,
  personId: string,
  nowMs: number,
  why: EndedWhy = 'inert',
): Promise<Settled> {
  const person = await trx
    .selectFrom('person')
    .select(['employer', 'guard', 'cleared_until'])
    .where('id', '=', personId)
    .executeTakeFirstOrThrow();
  const untilMs = clearedUntil(person, (await recordsOf(trx, [personId])).get(personId) ?? []);
  await trx
    .updateTable('person')
    .set({ cleared_until: untilMs === null ? null : new Date(untilMs) })
    .where('id', '=', personId)
    .execute();
  const worked = person.cleared_until !== null && nowMs < person.cleared_until.getTime();
  const works = untilMs !== null && nowMs < untilMs;
  return { ended: worked && !works ? await endAllSessions(trx, personId, why, nowMs) : [] };
}

/** Of these persons, what stands now; what ended is not among it. */
export async function recordsOf(
  db: Kysely<Tables>,
  ids: readonly string[],
): Promise<Map<string, PersonRecord[]>> {
  const rows = await db
    .selectFrom('person_record')
    .select(['person_id', 'kind', 'ends', 'score'])
    .where('person_id', 'in', [...ids, ''])
    .where('ended', 'is', null)
    .execute();
  const found = new Map<string, PersonRecord[]>();
  for (const { person_id, kind, ends, score } of rows) {
    if (!isPersonRecordKind(kind)) continue;
    const record = { kind, endsMs: ends.getTime(), score };
    found.set(person_id, [...(found.get(person_id) ?? []), record]);
  }
  return found;
}

const maxRecords = 500;

/** Newest first, those that ended too. */
export async function listPersonRecords(db: Kysely<Tables>, personId: string): Promise<WrittenRecord[]> {
  const rows = await db
    .selectFrom('person_record')
    .selectAll()
    .where('person_id', '=', personId)
    .orderBy('written', 'desc')
    .orderBy('id', 'desc')
    .limit(maxRecords)
    .execute();
  return rows.map(asRecord);
}

export async function findPersonRecord(db: Kysely<Tables>, id: string): Promise<WrittenRecord> {
  const row = await db.selectFrom('person_record').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? asRecord(row) : refuse('record.unknown');
}

const asRecord = (row: Selectable<Tables['person_record']>): WrittenRecord => ({
  id: row.id,
  personId: row.person_id,
  kind: row.kind as PersonRecordKind,
  on: row.on_day,
  until: row.until_day,
  endsMs: row.ends.getTime(),
  score: row.score,
  said: row.said,
  writtenMs: row.written.getTime(),
  writtenBy: row.written_by,
  ended:
    row.ended && row.ended_by
      ? { atMs: row.ended.getTime(), by: row.ended_by, reason: row.ended_reason ?? '' }
      : null,
});
