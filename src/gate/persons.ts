/** Persons: who may sign in, with which roles. A person is never deleted, because the ledger names them. */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { newId, refuse, rfc3339 } from '../base/index.ts';
import type { Role } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import { neededOf, owedOf, type PersonRecord, type PersonRecordKind, standingsOf } from '../law/index.ts';
import type { Grant } from './grant.ts';
import { fold } from './passwords.ts';
import { recordsOf, settleClearance } from './person-records.ts';
import { type EndedWhy, endAllSessions } from './sessions.ts';

const columns = [
  ...(['id', 'name', 'display_name', 'roles', 'active', 'created', 'last_sign_in'] as const),
  ...(['employer', 'guard', 'cleared_until', 'left_at'] as const),
] as const;
type Row = Pick<Selectable<Tables['person']>, (typeof columns)[number]>;

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly roles: Role[];
  readonly active: boolean;
  readonly created: string;
  readonly lastSignIn: string | null;
  /** The firm of a contractor; empty: of the unit itself. */
  readonly employer: string;
  readonly guard: boolean;
  readonly left: string | null;
  /** Until when the account works or worked; null: it never did. */
  readonly clearedUntil: string | null;
  /** Signs in and sees why, and nothing else. */
  readonly inert: boolean;
  /** Works by the declaration of its set-up alone. */
  readonly founding: boolean;
  readonly records: PersonStanding[];
}

export interface PersonStanding {
  readonly kind: PersonRecordKind;
  /** Without it the account is inert; else it is owed. */
  readonly needed: boolean;
  readonly met: boolean;
  readonly ends: string | null;
}

export async function listPersons(db: Kysely<Tables>, nowMs: number): Promise<Person[]> {
  const rows = await db
    .selectFrom('person')
    .select(columns)
    .orderBy('active', 'desc')
    .orderBy('name_folded')
    .limit(5000)
    .execute();
  return personsOf(db, rows, nowMs);
}

export async function findPerson(db: Kysely<Tables>, id: string, nowMs: number): Promise<Person> {
  const row = await db.selectFrom('person').select(columns).where('id', '=', id).executeTakeFirst();
  return row ? personOf(db, row, nowMs) : refuse('person.unknown');
}

export interface NewPerson {
  readonly name: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  /** Of `newPasswordHash`, made before the transaction: it takes a while. */
  readonly passwordHash: string;
  readonly employer?: string | undefined;
  readonly guard?: boolean | undefined;
}

export async function addPerson(
  trx: Transaction<Tables>,
  grant: Grant<'person.configure'>,
  made: NewPerson,
): Promise<Person> {
  const row = await trx
    .insertInto('person')
    .values({
      id: newId('per', grant.atMs),
      name: made.name.normalize('NFKC'),
      name_folded: fold(made.name),
      display_name: made.displayName,
      password_hash: made.passwordHash,
      roles: [...new Set(made.roles)],
      created: new Date(grant.atMs),
      last_sign_in: null,
      employer: made.employer ?? '',
      guard: made.guard ?? false,
    })
    .onConflict((conflict) => conflict.column('name_folded').doNothing())
    .returning(columns)
    .executeTakeFirst();
  return row ? personOf(trx, row, grant.atMs) : refuse('person.name-taken', { name: made.name });
}

export interface PersonChange {
  readonly displayName?: string | undefined;
  readonly roles?: readonly Role[] | undefined;
  readonly active?: boolean | undefined;
  readonly passwordHash?: string | undefined;
  readonly employer?: string | undefined;
  readonly guard?: boolean | undefined;
  readonly leaves?: true;
}

/** Changes the grant's person. Less power or a new password ends the sessions: `ended`, to be announced after commit. */
export async function changePerson(
  trx: Transaction<Tables>,
  grant: Grant<'person.configure'>,
  change: PersonChange,
): Promise<{ person: Person; before: Person; ended: string[]; endedWhy: EndedWhy | null }> {
  const id = grant.subject.id ?? refuse('person.unknown');
  await lockAdministrators(trx);
  const present = await trx
    .selectFrom('person')
    .select(columns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  const before = present ? await personOf(trx, present, grant.atMs) : refuse('person.unknown');
  await trx
    .updateTable('person')
    .set({
      display_name: change.displayName ?? before.displayName,
      roles: change.roles ? [...new Set(change.roles)] : before.roles,
      active: change.active ?? before.active,
      employer: change.employer ?? before.employer,
      guard: change.guard ?? before.guard,
      // Who comes back has not left; what stood on record for them has ended.
      ...(change.active === true ? { left_at: null, left_why: null } : {}),
      ...(change.passwordHash === undefined ? {} : { password_hash: change.passwordHash }),
    })
    .where('id', '=', id)
    .execute();
  // A contractor and a guard need more than others.
  const settled = await settleClearance(trx, id, grant.atMs);
  const person = await findPerson(trx, id, grant.atMs);
  if (isAdministrator(before) && !isAdministrator(person)) await refuseIfNoAdministrator(trx);
  const endedWhy = settled.ended.length > 0 ? 'inert' : whySessionsEnd(before, person, change);
  const ended = [...settled.ended, ...(endedWhy ? await endAllSessions(trx, id, endedWhy, grant.atMs) : [])];
  return { person, before, ended, endedWhy };
}

const isAdministrator = (person: Person) => person.active && person.roles.includes('administrator');

function whySessionsEnd(before: Person, after: Person, change: PersonChange): EndedWhy | null {
  if (change.leaves) return 'left';
  if (before.active && !after.active) return 'deactivated';
  if (change.passwordHash !== undefined) return 'password';
  // To become an auditor takes video away, so any other set of roles counts, not only a smaller one.
  const same =
    before.roles.length === after.roles.length && before.roles.every((r) => after.roles.includes(r));
  return same ? null : 'roles';
}

const holdsAdministration = sql<boolean>`'administrator' = any(roles)`;

/** Two administrators who remove each other at the same moment must not both succeed. */
async function lockAdministrators(trx: Transaction<Tables>): Promise<void> {
  await trx
    .selectFrom('person')
    .select('id')
    .where('active', '=', true)
    .where(holdsAdministration)
    .orderBy('id')
    .forUpdate()
    .execute();
}

async function refuseIfNoAdministrator(trx: Transaction<Tables>): Promise<void> {
  const left = await trx
    .selectFrom('person')
    .select('id')
    .where('active', '=', true)
    .where(holdsAdministration)
    .limit(1)
    .execute();
  if (left.length === 0) refuse('person.last-administrator');
}

async function personOf(db: Kysely<Tables>, row: Row, nowMs: number): Promise<Person> {
  return (await personsOf(db, [row], nowMs))[0] as Person;
}

/** With what stands on record for them. */
async function personsOf(db: Kysely<Tables>, rows: readonly Row[], nowMs: number): Promise<Person[]> {
  const ids = rows.map(({ id }) => id);
  const records = await recordsOf(db, ids);
  const target = await db
    .selectFrom('site')
    .select('id')
    .where('key_target', '=', true)
    .limit(1)
    .executeTakeFirst();
  const at = { keyTarget: target !== undefined, nowMs };
  return rows.map((row) => personOfRow(row, records.get(row.id) ?? [], at));
}

function personOfRow(
  row: Row,
  records: readonly PersonRecord[],
  { keyTarget, nowMs }: { keyTarget: boolean; nowMs: number },
): Person {
  const standing = (kinds: readonly PersonRecordKind[], needed: boolean) =>
    standingsOf(kinds, records, nowMs).map(({ kind, met, endsMs }) => ({
      ...{ kind, needed, met },
      ends: endsMs === null ? null : rfc3339(endsMs),
    }));
  const needed = standing(neededOf(row), true);
  const isCleared = row.cleared_until !== null && nowMs < row.cleared_until.getTime();
  return {
    id: row.id,
    name: row.name,
    displayName: row.display_name,
    roles: row.roles,
    active: row.active,
    created: rfc3339(row.created.getTime()),
    lastSignIn: instantOf(row.last_sign_in),
    employer: row.employer,
    guard: row.guard,
    left: instantOf(row.left_at),
    clearedUntil: instantOf(row.cleared_until),
    inert: !isCleared,
    founding: isCleared && needed.some(({ met }) => !met),
    records: [...needed, ...standing(owedOf({ keyTarget }), false)],
  };
}

const instantOf = (at: Date | null): string | null => (at ? rfc3339(at.getTime()) : null);
