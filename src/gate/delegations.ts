/** Delegations: an approver who is away lets another decide on permissions, for a while, and not further. */
import { type Kysely, sql, type Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from './grant.ts';
import { checkSpan } from './permissions.ts';

const maxMs = 60 * 86_400_000;

export interface NewDelegation {
  readonly toId: string;
  readonly startsMs: number | null;
  readonly endsMs: number;
  readonly reason: string;
}

export async function delegate(
  trx: Transaction<Tables>,
  grant: Grant<'permission.delegate'>,
  made: NewDelegation,
): Promise<string> {
  const from = grant.by.personId ?? refuse('session.needed');
  const startsMs = made.startsMs ?? grant.atMs;
  checkSpan({ startsMs, endsMs: made.endsMs, nowMs: grant.atMs }, maxMs);
  // Two who delegate to each other at one moment must not miss each other.
  await sql`select pg_advisory_xact_lock(hashtext('permission.delegate'))`.execute(trx);
  const to = await trx
    .selectFrom('person')
    .select(['id', 'roles'])
    .where('id', '=', made.toId)
    .where('active', '=', true)
    .executeTakeFirst();
  if (!to || to.id === from || to.roles.includes('auditor') || (await isAway(trx, made, startsMs)))
    refuse('delegation.to');
  const id = newId('dele', grant.atMs);
  await trx
    .insertInto('delegation')
    .values({
      ...{ id, from_person: from, to_person: to.id, reason: made.reason, made: new Date(grant.atMs) },
      ...{ starts: new Date(startsMs), ends: new Date(made.endsMs) },
    })
    .execute();
  return id;
}

/** Whoever is away himself in that time does not stand in for another: no chain, and no circle. */
async function isAway(trx: Transaction<Tables>, made: NewDelegation, startsMs: number): Promise<boolean> {
  const found = await trx
    .selectFrom('delegation')
    .select('id')
    .where('from_person', '=', made.toId)
    .where('ended', 'is', null)
    .where('starts', '<', new Date(made.endsMs))
    .where('ends', '>', new Date(startsMs))
    .executeTakeFirst();
  return found !== undefined;
}

export async function endDelegation(
  trx: Transaction<Tables>,
  grant: Grant<'permission.delegate'>,
  id: string,
): Promise<string> {
  const row = await trx
    .updateTable('delegation')
    .set({ ended: new Date(grant.atMs) })
    .where('id', '=', id)
    .where('from_person', '=', grant.by.personId)
    .where('ended', 'is', null)
    .returning('to_person')
    .executeTakeFirst();
  return row?.to_person ?? refuse('delegation.unknown');
}

export async function listDelegations(db: Kysely<Tables>) {
  return db
    .selectFrom('delegation')
    .innerJoin('person as from', 'from.id', 'delegation.from_person')
    .innerJoin('person as to', 'to.id', 'delegation.to_person')
    .selectAll('delegation')
    .select(['from.name as from_name', 'to.name as to_name'])
    .orderBy('made', 'desc')
    .limit(100)
    .execute();
}
