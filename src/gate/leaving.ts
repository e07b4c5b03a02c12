/**
 * Who leaves: everything of theirs ends in one transaction, in what is known here and in what others registered.
 * The row stays, because the ledger names them.
 */
import type { Transaction } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { endAllFactors } from './factors.ts';
import type { Grant } from './grant.ts';
import { endAllPersonRecords, settleClearance } from './person-records.ts';
import { changePerson, findPerson, type Person } from './persons.ts';

/** Ends what a person has elsewhere (permissions, posts); returns what it ended, for the ledger. */
export type AtLeaving = (
  trx: Transaction<Tables>,
  grant: Grant<'person.configure'>,
  personId: string,
) => Promise<Readonly<Record<string, unknown>>>;

export interface Left {
  readonly person: Person;
  /** To be announced after the commit. */
  readonly ended: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export async function leave(
  trx: Transaction<Tables>,
  grant: Grant<'person.configure'>,
  reason: string,
  others: readonly AtLeaving[],
): Promise<Left> {
  const id = grant.subject.id ?? refuse('person.unknown');
  const { ended } = await changePerson(trx, grant, { active: false, leaves: true });
  const gone = await trx
    .updateTable('person')
    .set({ left_at: new Date(grant.atMs), left_why: reason })
    .where('id', '=', id)
    .where('left_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (!gone) refuse('person.left');
  await endAllPersonRecords(trx, grant, id, reason);
  await endAllFactors(trx, id, 'left', grant.atMs);
  await settleClearance(trx, id, grant.atMs, 'left');
  let detail = {};
  for (const other of others) detail = { ...detail, ...(await other(trx, grant, id)) };
  return { person: await findPerson(trx, id, grant.atMs), ended, detail };
}
