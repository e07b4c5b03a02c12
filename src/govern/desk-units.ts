/**
 * Units at the desk and the wall between them. Each unit has a database role of its own; whatever is done for its
 * delegate runs under that role, so that row-level security keeps another unit's rows out of reach even of a statement
 * that forgot to ask whose they are.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import { readKey, sayKey } from './pack.ts';

type Trx = Transaction<Tables>;

export interface DeskUnit {
  readonly id: string;
  readonly name: string;
  readonly creditCode: string;
  readonly key: string;
  readonly role: string;
  readonly addedMs: number;
}

const maxUnits = 5_000;

export async function listUnits(db: Kysely<Tables>): Promise<DeskUnit[]> {
  const rows = await db.selectFrom('desk_unit').selectAll().orderBy('name').limit(maxUnits).execute();
  return rows.map((row) => ({
    ...{ id: row.id, name: row.name, creditCode: row.credit_code, key: row.key, role: row.db_role },
    addedMs: row.added.getTime(),
  }));
}

export async function findUnit(db: Kysely<Tables>, id: string): Promise<DeskUnit> {
  return (await listUnits(db)).find((unit) => unit.id === id) ?? refuse('desk.unknown');
}

/** Registers a unit by the key on its sealed form, and makes its database role. */
export async function addUnit(
  trx: Trx,
  grant: Grant<'desk.decide'>,
  given: { readonly name: string; readonly creditCode: string; readonly key: string },
): Promise<string> {
  const read = readKey(given.key);
  if (!read) return refuse('filing.key');
  const key = sayKey(read);
  const id = newId('unit', grant.atMs);
  const role = `custos_${id}`;
  try {
    await trx
      .insertInto('desk_unit')
      .values({
        ...{ id, name: given.name, name_folded: given.name.normalize('NFKC').toLowerCase(), key },
        ...{ credit_code: given.creditCode, db_role: role },
        ...{ added: new Date(grant.atMs), added_by: grant.by.name },
      })
      .execute();
  } catch (error) {
    if (brokenConstraint(error)?.startsWith('desk_unit_')) refuse('desk.unit-there');
    throw error;
  }
  await makeRole(trx, role);
  return id;
}

/** May read what its policies show and bring filings; nothing else of the database, and nobody signs in as it. */
async function makeRole(trx: Trx, role: string): Promise<void> {
  const name = sql.id(role);
  try {
    await sql`create role ${name} nologin noinherit`.execute(trx);
    await sql`grant ${name} to current_user`.execute(trx);
    await sql`grant select on desk_unit, desk_place, desk_filing, desk_document, desk_inspection to ${name}`.execute(
      trx,
    );
    await sql`grant insert on desk_place, desk_filing, desk_document to ${name}`.execute(trx);
    await sql`grant update (name, address, place_class, place_type, profiles, used_since, brought_as) on desk_place to ${name}`.execute(
      trx,
    );
  } catch (error) {
    // 42501, insufficient privilege: a given database whose account may not make roles.
    if ((error as { code?: string }).code === '42501') refuse('desk.roles');
    throw error;
  }
}

/** Runs `work` under the unit's own role; afterwards the transaction is ours again. */
export async function asUnit<T>(trx: Trx, { role }: DeskUnit, work: () => Promise<T>): Promise<T> {
  await sql`set local role ${sql.id(role)}`.execute(trx);
  const result = await work();
  await sql`reset role`.execute(trx);
  return result;
}

export async function addDelegate(
  trx: Trx,
  grant: Grant<'desk.decide'>,
  given: { readonly unitId: string; readonly person: string },
): Promise<string> {
  const folded = given.person.normalize('NFKC').toLowerCase();
  const person = await trx
    .selectFrom('person')
    .select(['id', 'roles'])
    .where('name_folded', '=', folded)
    .executeTakeFirst();
  if (!person?.roles.includes('delegate')) refuse('desk.no-person');
  const row = { unit_id: given.unitId, added: new Date(grant.atMs), added_by: grant.by.name };
  await trx
    .insertInto('desk_delegate')
    .values({ person_id: person.id, ...row })
    .onConflict((conflict) => conflict.column('person_id').doUpdateSet(row))
    .execute();
  return person.id;
}

export async function listDelegates(db: Kysely<Tables>) {
  return db
    .selectFrom('desk_delegate')
    .innerJoin('person', 'person.id', 'person_id')
    .select(['unit_id', 'person_id', 'person.display_name'])
    .orderBy('person.display_name')
    .execute();
}

/** The unit that somebody stands for; null: they are no delegate. */
export async function unitOfDelegate(db: Kysely<Tables>, personId: string): Promise<DeskUnit | null> {
  const row = await db
    .selectFrom('desk_delegate')
    .select('unit_id')
    .where('person_id', '=', personId)
    .executeTakeFirst();
  return row ? findUnit(db, row.unit_id) : null;
}
