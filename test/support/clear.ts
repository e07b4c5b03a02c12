/** Puts on record for a person of a test what the law wants before an account works. */
import type { Transaction } from 'kysely';
import type { Tables } from '../../src/db/index.ts';
import { addPersonRecord, type Grant } from '../../src/gate/index.ts';
import { addMonths } from '../../src/law/index.ts';

/** Long enough for the tests whose clock runs ahead by years. */
export async function clear(
  trx: Transaction<Tables>,
  grant: Grant<'person.configure'>,
  personId: string,
): Promise<void> {
  const on = new Date(grant.atMs).toISOString().slice(0, 10);
  const until = addMonths(on, 100);
  for (const kind of ['vetting', 'confidentiality', 'post-training'])
    await addPersonRecord(trx, grant, personId, { kind, on, until, said: 'test' });
}
