/** Sessions: opaque tokens of which only the SHA-256 is stored, with an absolute and an idle end. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { newId, newSecret } from '../base/index.ts';
import type { Action, Role } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import type { Actor } from '../ledger/index.ts';
import type { Principal } from './decide.ts';
import { isDemanded, type SecondRule } from './second-rule.ts';

const hourMs = 3_600_000;
/** A shift has up to twelve hours; whoever leaves the desk for two signs in again. */
const lives = {
  cookie: { absoluteMs: 12 * hourMs, idleMs: 2 * hourMs },
  token: { absoluteMs: 2 * hourMs, idleMs: hourMs },
  /** A program's has an end of its own, and may be silent until then. */
  api: { absoluteMs: 366 * 24 * hourMs, idleMs: 366 * 24 * hourMs },
} as const;
/** Per person; one more ends the oldest. */
export const maxSessions = 32;
const touchEveryMs = 60_000;

export type SessionKind = keyof typeof lives;
export type EndedWhy =
  | 'signed-out'
  | 'everywhere'
  | 'expired'
  | 'idle'
  | 'crowded'
  | 'deactivated'
  | 'roles'
  | 'password'
  | 'inert'
  | 'left'
  | 'revoked';

/** Who calls: someone signed in, nobody known, or the system. */
export interface Caller extends Actor {
  readonly principal: Principal;
  readonly sessionEndsMs: number | null;
}

/** A caller who is signed in. */
export interface Who extends Caller {
  readonly personId: string;
  readonly sessionId: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  readonly kind: SessionKind;
  readonly sessionEndsMs: number;
  /** What unsafe calls with the cookie must send as `x-csrf`. */
  readonly csrf: string;
}

export const isWho = (caller: Caller): caller is Who => caller.principal.kind === 'person';

export interface OpenedSession {
  readonly id: string;
  /** Leaves this process once, to the caller. */
  readonly token: string;
  readonly expiresMs: number;
  /** Sessions that had to end to make room. */
  readonly crowdedOut: readonly string[];
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
/** Derived, not stored: whoever holds the token can have it, and nobody else. */
const csrfOf = (token: string): string =>
  createHmac('sha256', token).update('custos csrf').digest('base64url');

export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digestOf(a), digestOf(b));
}

/** So that a token which lies where it should not is recognised as one. */
const apiPrefix = 'custos_';

export interface NewSession {
  readonly personId: string;
  readonly kind: SessionKind;
  readonly from: string;
  readonly agent: string;
  readonly nowMs: number;
  /** With a second factor. */
  readonly strong?: boolean;
  /** Of a program's token. */
  readonly name?: string;
  readonly scope?: readonly Action[];
  readonly expiresMs?: number;
}

export async function openSession(trx: Transaction<Tables>, of: NewSession): Promise<OpenedSession> {
  const token = of.kind === 'api' ? `${apiPrefix}${newSecret(32)}` : newSecret(32);
  const id = newId('ses', of.nowMs);
  const now = new Date(of.nowMs);
  const expiresMs = of.expiresMs ?? of.nowMs + lives[of.kind].absoluteMs;
  const running = await trx
    .selectFrom('session')
    .select('id')
    .where('person_id', '=', of.personId)
    .where('ended', 'is', null)
    // Programs have their own bound, and push nobody out.
    .where('kind', '<>', 'api')
    .orderBy('created', 'desc')
    .offset(maxSessions - 1)
    .execute();
  const crowded = of.kind === 'api' ? [] : running.map((row) => row.id);
  await endSessions(trx, crowded, 'crowded', of.nowMs);
  await trx
    .insertInto('session')
    .values({
      id,
      person_id: of.personId,
      kind: of.kind,
      token_digest: digestOf(token),
      created: now,
      last_seen: now,
      expires: new Date(expiresMs),
      from_address: of.from,
      agent: of.agent.slice(0, 200),
      ended: null,
      ended_why: null,
      strong: of.strong ?? false,
      name: of.name ?? '',
      scope: of.scope ? [...of.scope] : null,
    })
    .execute();
  return { id, token, expiresMs, crowdedOut: crowded };
}

/** Ends the sessions that still run among `ids` and returns those. */
export async function endSessions(
  trx: Transaction<Tables>,
  ids: readonly string[],
  why: EndedWhy,
  nowMs: number,
): Promise<string[]> {
  if (ids.length === 0) return [];
  const ended = await trx
    .updateTable('session')
    .set({ ended: new Date(nowMs), ended_why: why })
    .where('id', 'in', ids)
    .where('ended', 'is', null)
    .returning('id')
    .execute();
  return ended.map((row) => row.id);
}

/** Ends all of a person's running sessions, except one if so wished. */
export async function endAllSessions(
  trx: Transaction<Tables>,
  personId: string,
  why: EndedWhy,
  nowMs: number,
  except?: string,
): Promise<string[]> {
  const running = await trx
    .selectFrom('session')
    .select('id')
    .where('person_id', '=', personId)
    .where('ended', 'is', null)
    .execute();
  const ids = running.map((row) => row.id).filter((id) => id !== except);
  return endSessions(trx, ids, why, nowMs);
}

export async function runningSessions(db: Kysely<Tables>, personId: string) {
  return db
    .selectFrom('session')
    .select(['id', 'kind', 'created', 'last_seen', 'expires', 'from_address', 'agent', 'strong', 'name'])
    .where('person_id', '=', personId)
    .where('ended', 'is', null)
    .where('kind', '<>', 'api')
    .orderBy('created', 'desc')
    .limit(maxSessions)
    .execute();
}

export async function runningTokens(db: Kysely<Tables>, personId: string) {
  return db
    .selectFrom('session')
    .select(['id', 'name', 'scope', 'created', 'last_seen', 'expires'])
    .where('person_id', '=', personId)
    .where('ended', 'is', null)
    .where('kind', '=', 'api')
    .orderBy('created', 'desc')
    .execute();
}

/** The session's person has just proved a second factor in it. */
export async function strengthen(trx: Transaction<Tables>, sessionId: string): Promise<void> {
  await trx.updateTable('session').set({ strong: true }).where('id', '=', sessionId).execute();
}

/** The running session of a token with its person, or null. Keeps `last_seen` true to the minute. */
export async function findSession(
  db: Kysely<Tables>,
  token: string,
  from: string,
  nowMs: number,
): Promise<Who | null> {
  if (!/^(custos_)?[A-Za-z0-9_-]{43}$/.test(token)) return null;
  const row = await db
    .selectFrom('session')
    .innerJoin('person', 'person.id', 'session.person_id')
    .leftJoin('unit', (join) => join.onTrue())
    .select(['session.id', 'session.kind', 'session.last_seen', 'session.expires', 'session.person_id'])
    .select(['session.strong', 'session.scope', 'unit.second_roles', 'unit.inside'])
    .select(['person.name', 'person.display_name', 'person.roles', 'person.active', 'person.cleared_until'])
    .where('session.token_digest', '=', digestOf(token))
    .where('session.ended', 'is', null)
    .executeTakeFirst();
  if (!row?.active || isOver(row, nowMs)) return null;
  if (nowMs - row.last_seen.getTime() >= touchEveryMs) {
    await db
      .updateTable('session')
      .set({ last_seen: new Date(nowMs) })
      .where('id', '=', row.id)
      .execute();
  }
  const { person_id: personId, roles } = row;
  return {
    personId,
    name: row.name,
    sessionId: row.id,
    from,
    displayName: row.display_name,
    roles,
    kind: row.kind,
    sessionEndsMs: row.expires.getTime(),
    csrf: csrfOf(token),
    principal: {
      ...{ kind: 'person', personId, roles, active: row.active },
      clearedUntilMs: row.cleared_until?.getTime() ?? null,
      // A program proves nothing by hand: whoever made its token did, and its scope is what bounds it.
      owesSecond: row.kind !== 'api' && !row.strong && isDemanded(ruleOf(row), roles, from),
      scope: row.scope as Action[] | null,
    },
  };
}

const ruleOf = (row: { second_roles: Role[] | null; inside: string[] | null }): SecondRule => ({
  roles: row.second_roles ?? [],
  inside: row.inside ?? [],
});

function isOver(row: { kind: SessionKind; last_seen: Date; expires: Date }, nowMs: number): boolean {
  return nowMs >= row.expires.getTime() || nowMs - row.last_seen.getTime() >= lives[row.kind].idleMs;
}

/** Sessions that are over and not yet ended; a hundred at a time. */
export async function overdueSessions(db: Kysely<Tables>, nowMs: number) {
  const idleSince = (kind: SessionKind) => new Date(nowMs - lives[kind].idleMs);
  return db
    .selectFrom('session')
    .innerJoin('person', 'person.id', 'session.person_id')
    .select(['session.id', 'session.expires', 'person.id as person_id', 'person.name'])
    .where('session.ended', 'is', null)
    .where((or) =>
      or.or([
        or('session.expires', '<=', new Date(nowMs)),
        or.and([or('session.kind', '=', 'cookie'), or('session.last_seen', '<=', idleSince('cookie'))]),
        or.and([or('session.kind', '=', 'token'), or('session.last_seen', '<=', idleSince('token'))]),
      ]),
    )
    .limit(100)
    .execute();
}

/** Running sessions of persons whose account fell inert while they ran; a hundred at a time. */
export async function inertSessions(db: Kysely<Tables>, nowMs: number) {
  return (
    db
      .selectFrom('session')
      .innerJoin('person', 'person.id', 'session.person_id')
      .select(['session.id', 'person.id as person_id', 'person.name'])
      .where('session.ended', 'is', null)
      .where('person.cleared_until', '<=', new Date(nowMs))
      // Who signed in afterwards did so to see why.
      .whereRef('session.created', '<', 'person.cleared_until')
      .limit(100)
      .execute()
  );
}

/** The next moment, until `untilMs`, at which somebody who is signed in falls inert; null: nobody does. */
export async function nextInertMs(
  db: Kysely<Tables>,
  nowMs: number,
  untilMs: number,
): Promise<number | null> {
  const next = await db
    .selectFrom('session')
    .innerJoin('person', 'person.id', 'session.person_id')
    .select((select) => select.fn.min('person.cleared_until').as('at'))
    .where('session.ended', 'is', null)
    .where('person.cleared_until', '>', new Date(nowMs))
    .where('person.cleared_until', '<=', new Date(untilMs))
    .executeTakeFirst();
  return next?.at?.getTime() ?? null;
}
