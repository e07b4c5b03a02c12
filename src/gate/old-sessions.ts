/** Old sign-ins: where they came from is forgotten when its period is over. The row stays, for the views that name it. */
import type { Clock } from '../base/index.ts';
import type { Deed } from '../contract/index.ts';
import type { Database } from '../db/index.ts';
import { append, system } from '../ledger/index.ts';

/** Of sessions that ended before; says how many. */
export async function forgetSignIns(
  { db, clock }: { readonly db: Database; readonly clock: Clock },
  beforeMs: number,
): Promise<number> {
  return db.kysely.transaction().execute(async (trx) => {
    const forgotten = await trx
      .updateTable('session')
      .set({ from_address: '', agent: '' })
      .where('ended', '<', new Date(beforeMs))
      .where((or) => or.or([or('from_address', '<>', ''), or('agent', '<>', '')]))
      .returning('id')
      .execute();
    if (forgotten.length > 0)
      await append(trx, {
        ...{ atMs: clock.wallMs(), actor: system, action: 'session.forget' satisfies Deed, outcome: 'done' },
        ...{ subject: { kind: 'session' }, detail: { sessions: forgotten.length } },
      });
    return forgotten.length;
  });
}
