/** Persons: who may sign in, with which roles. A person is never deleted, because the ledger names them. */
import { type Kysely, sql, type Transaction } from 'kysely';
import { newId, refuse, rfc3339 } from '../base/index.ts';
import type { Role } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from './grant.ts';
import { fold } from './passwords.ts';
import { type EndedWhy, endSessions } from './sessions.ts';

const columns = ['id', 'name', 'display_name', 'roles', 'active', 'created', 'last_sign_in'] as const;

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly roles: Role[];
  readonly active: boolean;
  readonly created: string;
  readonly lastSignIn: string | null;
}

export async function listPersons(db: Kysely<Tables>): Promise<Person[]> {
  const rows = await db
    .selectFrom('person')
    .select(columns)
    .orderBy('active', 'desc')
    .orderBy('name_folded')
    .limit(5000)
    .execute();
  return rows.map(personOfRow);
}

export async function findPerson(db: Kysely<Tables>, id: string): Promise<Person> {
  const row = await db.selectFrom('person').select(columns).where('id', '=', id).executeTakeFirst();
  return row ? personOfRow(row) : refuse('person.unknown');
}

export interface NewPerson {
  readonly name: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  /** Of `newPasswordHash`, made before the transaction: it takes a while. */
  readonly passwordHash: string;
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
    })
    .onConflict((conflict) => conflict.column('name_folded').doNothing())
    .returning(columns)
    .executeTakeFirst();
  return row ? personOfRow(row) : refuse('person.name-taken', { name: made.name });
}

export interface PersonChange {
  readonly displayName?: string | undefined;
  readonly roles?: readonly Role[] | undefined;
  readonly active?: boolean | undefined;
  readonly passwordHash?: string | undefined;
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
  const before = present ? personOfRow(present) : refuse('person.unknown');
  const row = await trx
    .updateTable('person')
    .set({
      display_name: change.displayName ?? before.displayName,
      roles: change.roles ? [...new Set(change.roles)] : before.roles,
      active: change.active ?? before.active,
      ...(change.passwordHash === undefined ? {} : { password_hash: change.passwordHash }),
    })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow();
  const person = personOfRow(row);
  if (isAdministrator(before) && !isAdministrator(person)) await refuseIfNoAdministrator(trx);
  const endedWhy = whySessionsEnd(before, person, change);
  const ended = endedWhy ? await endAllSessions(trx, id, endedWhy, grant.atMs) : [];
  return { person, before, ended, endedWhy };
}

const isAdministrator = (person: Person) => person.active && person.roles.includes('administrator');

function whySessionsEnd(before: Person, after: Person, change: PersonChange): EndedWhy | null {
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

/** All of a person's running sessions, except one if so wished. */
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

function personOfRow(row: {
  id: string;
  name: string;
  display_name: string;
  roles: Role[];
  active: boolean;
  created: Date;
  last_sign_in: Date | null;
}): Person {
  return {
    id: row.id,
    name: row.name,
    displayName: row.display_name,
    roles: row.roles,
    active: row.active,
    created: rfc3339(row.created.getTime()),
    lastSignIn: row.last_sign_in ? rfc3339(row.last_sign_in.getTime()) : null,
  };
}
