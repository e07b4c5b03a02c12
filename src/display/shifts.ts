/** Shifts: a person on duty at a post. Live views of that time are registered by it instead of one by one. */
import type { Kysely, Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant, Who } from '../gate/index.ts';

const maxMs = 12 * 3_600_000;

export interface Shift {
  readonly id: string;
  readonly post: string;
  readonly beganMs: number;
  readonly endsMs: number;
}

/** One that runs: of this session, and not over by time. */
export async function runningShift(db: Kysely<Tables>, who: Who, nowMs: number): Promise<Shift | null> {
  const row = await db
    .selectFrom('shift')
    .select(['id', 'post', 'began', 'ends'])
    .where('person_id', '=', who.personId)
    .where('session_id', '=', who.sessionId)
    .where('ended', 'is', null)
    .where('ends', '>', new Date(nowMs))
    .executeTakeFirst();
  return row
    ? { id: row.id, post: row.post, beganMs: row.began.getTime(), endsMs: row.ends.getTime() }
    : null;
}

/** One that is left from an ended session, or over by time, makes room; a running one does not. */
export async function beginShift(
  trx: Transaction<Tables>,
  grant: Grant<'shift.keep'>,
  who: Who,
  post: string,
): Promise<Shift> {
  const now = new Date(grant.atMs);
  if (await runningShift(trx, who, grant.atMs)) refuse('shift.running');
  await trx
    .updateTable('shift')
    .set({ ended: now, ended_why: 'session' })
    .where('person_id', '=', who.personId)
    .where('ended', 'is', null)
    .execute();
  const endsMs = Math.min(who.sessionEndsMs, grant.atMs + maxMs);
  const id = newId('shift', grant.atMs);
  await trx
    .insertInto('shift')
    .values({
      ...{ id, person_id: who.personId, session_id: who.sessionId, post },
      ...{ began: now, ends: new Date(endsMs) },
    })
    .execute();
  return { id, post, beganMs: grant.atMs, endsMs };
}

export async function endShift(
  trx: Transaction<Tables>,
  grant: Grant<'shift.keep'>,
  who: Who,
  note: string,
): Promise<string> {
  const row = await trx
    .updateTable('shift')
    .set({ ended: new Date(grant.atMs), ended_why: 'handed-over', note })
    .where('person_id', '=', who.personId)
    .where('ended', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return row?.id ?? refuse('shift.none');
}
