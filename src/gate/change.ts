/** Decide and write: the one way to a transaction that holds a change and its ledger row. */
import { sql, type Transaction } from 'kysely';
import type { Clock } from '../base/index.ts';
import type { Action, Deed } from '../contract/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { append, appendAlone, type Entry } from '../ledger/index.ts';
import type { Grant, Subject } from './grant.ts';

/** What a change says of itself in the ledger; what is left out is taken from the grant. */
export interface Account {
  readonly action?: Action | Deed | undefined;
  readonly subject?: Subject | null | undefined;
  /** Why, in the actor's words. */
  readonly reason?: string | null | undefined;
  /** JSON; never a secret. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface ChangeAt {
  readonly db: Database;
  readonly clock: Clock;
}

/** Runs `work` and writes its row in one transaction: both exist, or neither. */
export async function change<T>(
  at: ChangeAt,
  grant: Grant,
  work: (trx: Transaction<Tables>) => Promise<T>,
  account: (result: T) => Account,
): Promise<T> {
  return at.db.kysely.transaction().execute(async (trx) => {
    // What triggers write down has the time of the ledger's row, not that of the database's machine.
    await sql`select set_config('custos.acted_at', ${new Date(at.clock.wallMs()).toISOString()}, true)`.execute(
      trx,
    );
    const result = await work(trx);
    await append(trx, entryOf(at, grant, account(result)));
    return result;
  });
}

/** A row without a change: something was shown, or an effect went well or failed after its change. */
export async function note(
  at: ChangeAt,
  grant: Grant,
  account: Account,
  failed?: { code: string },
): Promise<void> {
  await appendAlone(at.db.kysely, entryOf(at, grant, account, failed));
}

function entryOf(at: ChangeAt, grant: Grant, account: Account, failed?: { code: string }): Entry {
  const subject = account.subject === undefined ? grant.subject : account.subject;
  return {
    atMs: at.clock.wallMs(),
    actor: grant.by,
    action: account.action ?? grant.action,
    outcome: failed ? 'failed' : 'done',
    code: failed?.code,
    subject: subject && subject.kind !== 'any' ? subject : null,
    reason: account.reason,
    detail: account.detail,
  };
}
