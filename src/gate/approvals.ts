/**
 * Who may decide on a permission, asked in the transaction that decides: never who asked or whose it is, not through a
 * delegation either, and not in a circle. Pure where it can be.
 */
import { sql, type Transaction } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from './grant.ts';
import type { LockedRow } from './permission-rows.ts';

/** Refuses who may not; the approver in whose place it is decided, or null when in one's own right. */
export async function checkDecider(
  trx: Transaction<Tables>,
  grant: Grant<'permission.decide'>,
  row: LockedRow,
): Promise<string | null> {
  const decider = grant.by.personId ?? refuse('session.needed');
  if (decider === row.asked_by || decider === row.person_id) refuse('permission.own');
  const inPlaceOf = await placeOf(trx, decider, grant.atMs);
  // Nor does the delegate of whoever asked: that would be the one who asked, by another hand. That holds also for an
  // approver of his own who stands in for that person at this time.
  const conflict = await standsInFor(trx, decider, [row.asked_by, row.person_id], grant.atMs);
  if (conflict !== null) refuse('permission.own-delegate', { name: conflict });
  await checkCircle(trx, [decider, ...(inPlaceOf === null ? [] : [inPlaceOf])], row);
  return inPlaceOf;
}

/** Null: an approver himself. Else the approver who lent it; refuses who is neither any more. */
async function placeOf(trx: Transaction<Tables>, decider: string, nowMs: number): Promise<string | null> {
  const own = await trx
    .selectFrom('person')
    .select('id')
    .where('id', '=', decider)
    .where('active', '=', true)
    .where(sql<boolean>`'approver' = any(roles)`)
    // Kept as it is until the decision stands: no role is withdrawn in between.
    .forShare()
    .executeTakeFirst();
  if (own) return null;
  const now = new Date(nowMs);
  const lent = await trx
    .selectFrom('delegation')
    .innerJoin('person', 'person.id', 'delegation.from_person')
    .select('delegation.from_person')
    .where('to_person', '=', decider)
    .where('delegation.ended', 'is', null)
    .where('starts', '<=', now)
    .where('ends', '>', now)
    .where('person.active', '=', true)
    .where(sql<boolean>`'approver' = any(person.roles)`)
    .orderBy('delegation.made')
    .executeTakeFirst();
  return lent?.from_person ?? refuse('gate.denied', { action: 'permission.decide' });
}

async function standsInFor(
  trx: Transaction<Tables>,
  decider: string,
  whom: readonly string[],
  nowMs: number,
): Promise<string | null> {
  const now = new Date(nowMs);
  const found = await trx
    .selectFrom('delegation')
    .innerJoin('person', 'person.id', 'delegation.from_person')
    .select('person.name')
    .where('to_person', '=', decider)
    .where('from_person', 'in', [...whom])
    .where('delegation.ended', 'is', null)
    .where('starts', '<=', now)
    .where('ends', '>', now)
    .executeTakeFirst();
  return found?.name ?? null;
}

export interface Approval {
  readonly by: string;
  readonly of: string;
}

/** A running permission of `of` was approved by `by`; the way from one person to another, or null. */
export function wayBetween(
  approvals: readonly Approval[],
  from: readonly string[],
  to: readonly string[],
): readonly string[] | null {
  const next = new Map<string, string[]>();
  for (const { by, of } of approvals) next.set(by, [...(next.get(by) ?? []), of]);
  const cameFrom = new Map<string, string | null>(from.map((person) => [person, null]));
  const waiting = [...from];
  for (let person = waiting.shift(); person !== undefined; person = waiting.shift()) {
    if (to.includes(person)) return wayTo(cameFrom, person);
    for (const of of next.get(person) ?? []) {
      if (cameFrom.has(of)) continue;
      cameFrom.set(of, person);
      waiting.push(of);
    }
  }
  return null;
}

function wayTo(cameFrom: ReadonlyMap<string, string | null>, last: string): string[] {
  const way: string[] = [];
  for (let at: string | null | undefined = last; at; at = cameFrom.get(at)) way.unshift(at);
  return way;
}

/** A approves for B, B for C, C for A: everybody owes everybody, and nobody judges freely. */
async function checkCircle(
  trx: Transaction<Tables>,
  deciders: readonly string[],
  row: LockedRow,
): Promise<void> {
  // Two decisions that would close a circle together must not miss each other.
  await sql`select pg_advisory_xact_lock(hashtext('permission.circle'))`.execute(trx);
  const running = await trx
    .selectFrom('permission')
    .select(['decided_by', 'decided_for', 'person_id'])
    .where('state', '=', 'issued')
    .where('kind', '=', 'asked')
    .where('decided_by', 'is not', null)
    .where('id', '<>', row.id)
    .execute();
  const approvals = running.flatMap(({ decided_by, decided_for, person_id: of }) =>
    [decided_by, decided_for].flatMap((by) => (by === null ? [] : [{ by, of }])),
  );
  const way = wayBetween(approvals, [row.person_id, row.asked_by], deciders);
  if (way === null) return;
  const people = await trx
    .selectFrom('person')
    .select(['id', 'name'])
    .where('id', 'in', [...way])
    .execute();
  const nameOf = new Map(people.map(({ id, name }) => [id, name]));
  refuse('permission.circle', {
    names: [...way, way[0]].map((id) => nameOf.get(id ?? '') ?? '?').join(' → '),
  });
}
