/** Permissions as rows with the names of those concerned: read for lists, and held for a change. */
import { type Kysely, sql, type Transaction } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';

export type PermissionRow = Awaited<ReturnType<typeof findRow>>;
export type PermissionState = Tables['permission']['state'];

const nameOf = (column: string) =>
  sql<string | null>`(select name from person where person.id = ${sql.ref(`permission.${column}`)})`;

export const rowsOf = (db: Kysely<Tables>) =>
  db
    .selectFrom('permission')
    .selectAll('permission')
    .select([
      sql<string>`(select name from person where person.id = permission.person_id)`.as('person_name'),
      sql<string>`(select name from person where person.id = permission.asked_by)`.as('asked_by_name'),
      nameOf('decided_by').as('decided_by_name'),
      nameOf('decided_for').as('decided_for_name'),
      nameOf('ended_by').as('ended_by_name'),
      nameOf('reviewed_by').as('reviewed_by_name'),
    ])
    .select(
      sql<Date | null>`(select max(opened) from view where view.permission_id = permission.id)`.as(
        'last_used',
      ),
    );

export async function findRow(db: Kysely<Tables>, id: string) {
  const row = await rowsOf(db).where('permission.id', '=', id).executeTakeFirst();
  return row ?? refuse('permission.unknown');
}

export interface RowFilter {
  readonly state: 'open' | 'running' | 'over' | 'all';
  readonly personId?: string | undefined;
  /** Whose it is or who asked. */
  readonly concerns?: string | undefined;
}

const statesOf: Readonly<Record<RowFilter['state'], readonly PermissionState[]>> = {
  open: ['asked'],
  running: ['issued'],
  over: ['refused', 'withdrawn', 'revoked', 'ended'],
  all: ['asked', 'issued', 'refused', 'withdrawn', 'revoked', 'ended'],
};

export async function listRows(db: Kysely<Tables>, filter: RowFilter): Promise<PermissionRow[]> {
  const { personId, concerns } = filter;
  let query = rowsOf(db).where('state', 'in', statesOf[filter.state]);
  if (personId !== undefined) query = query.where('person_id', '=', personId);
  if (concerns !== undefined)
    query = query.where((or) => or.or([or('person_id', '=', concerns), or('asked_by', '=', concerns)]));
  return query.orderBy('asked', 'desc').orderBy('id', 'desc').limit(1_000).execute();
}

/** Holds the row until the transaction ends; of two who decide at once the second finds what the first did. */
export async function lockRow(trx: Transaction<Tables>, id: string) {
  const row = await trx
    .selectFrom('permission')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row ?? refuse('permission.unknown');
}
export type LockedRow = Awaited<ReturnType<typeof lockRow>>;

/** Refuses, saying who was faster, unless it still is as the caller saw it. */
export async function checkSeen(
  trx: Transaction<Tables>,
  row: LockedRow,
  seen: { readonly state: readonly PermissionState[]; readonly revision: number },
): Promise<void> {
  if (seen.state.includes(row.state) && row.revision === seen.revision) return;
  const whoId = row.ended_by ?? row.decided_by;
  const who =
    whoId === null
      ? undefined
      : await trx.selectFrom('person').select('name').where('id', '=', whoId).executeTakeFirst();
  const atMs = Math.max(...[row.ended, row.decided, row.asked].map((at) => at?.getTime() ?? 0));
  refuse('permission.state', {
    state: row.state,
    at: new Date(atMs).toISOString(),
    by: who?.name ?? 'Custos',
  });
}
