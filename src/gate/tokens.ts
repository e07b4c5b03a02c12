/** Tokens for programs: a session of its own kind, with a name, a scope and an end, shown once. */
import type { Transaction } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Action } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from './grant.ts';
import { endSessions, type OpenedSession, openSession } from './sessions.ts';

const maxTokens = 20;
const mostDays = 366;
const dayMs = 86_400_000;

/** What a token is never for: the account that made it. */
export const isForTokens = (action: Action): boolean =>
  action !== 'open' && action !== 'self' && !action.startsWith('account.');

export interface NewToken {
  readonly name: string;
  readonly scope: readonly Action[];
  readonly endsMs: number;
}

/** `may`: what its person may do now; a token is never for more. */
export async function makeToken(
  trx: Transaction<Tables>,
  grant: Grant<'account.token'>,
  made: NewToken,
  may: readonly Action[],
): Promise<OpenedSession> {
  const personId = grant.by.personId ?? refuse('session.needed');
  const scope = [...new Set(made.scope)];
  if (scope.length === 0 || !scope.every((action) => isForTokens(action) && may.includes(action)))
    refuse('token.scope');
  if (made.endsMs <= grant.atMs || made.endsMs > grant.atMs + mostDays * dayMs)
    refuse('token.end', { days: mostDays });
  const present = await trx
    .selectFrom('session')
    .select('id')
    .where('person_id', '=', personId)
    .where('kind', '=', 'api')
    .where('ended', 'is', null)
    .execute();
  if (present.length >= maxTokens) refuse('token.too-many', { limit: maxTokens });
  return openSession(trx, {
    ...{ personId, kind: 'api', from: grant.by.from, agent: '', nowMs: grant.atMs },
    ...{ name: made.name, scope, expiresMs: made.endsMs },
  });
}

/** Ends one of the grant's person's own sessions or tokens; returns what it was. */
export async function endOwnSession(
  trx: Transaction<Tables>,
  grant: Grant<'account.secure'>,
  id: string,
): Promise<{ readonly name: string; readonly kind: string }> {
  const row = await trx
    .selectFrom('session')
    .select(['name', 'kind'])
    .where('id', '=', id)
    .where('person_id', '=', grant.by.personId ?? '')
    .where('ended', 'is', null)
    .executeTakeFirst();
  if (!row) refuse('session.unknown');
  await endSessions(trx, [id], row.kind === 'api' ? 'revoked' : 'signed-out', grant.atMs);
  return row;
}
