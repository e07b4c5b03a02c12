/** What ends by itself: permissions whose time is over, and a founding one once somebody else could approve. */
import { sql, type Transaction } from 'kysely';
import { type Clock, refuse } from '../base/index.ts';
import type { Deed } from '../contract/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { append, system } from '../ledger/index.ts';
import type { AtLeaving } from './leaving.ts';
import type { PermissionBook } from './permission-book.ts';

interface EndsAt {
  readonly db: Database;
  readonly clock: Clock;
}

/** Somebody other than `personId` who could decide on permissions: active, and with an account that works. */
export async function hasOtherApprover(
  trx: Transaction<Tables>,
  personId: string,
  nowMs: number,
): Promise<boolean> {
  const other = await trx
    .selectFrom('person')
    .select('id')
    .where('active', '=', true)
    .where('id', '<>', personId)
    .where('cleared_until', '>', new Date(nowMs))
    .where(sql<boolean>`'approver' = any(roles)`)
    .limit(1)
    .executeTakeFirst();
  return other !== undefined;
}

/** A hundred at a time, each with its row in the ledger; the book hears of it after the commit. */
export async function endOverdue(at: EndsAt, book: PermissionBook): Promise<void> {
  const nowMs = at.clock.wallMs();
  const ended = await at.db.kysely.transaction().execute(async (trx) => {
    const due = await trx
      .selectFrom('permission')
      .select(['id', 'kind', 'person_id', 'ends', 'revision'])
      .where('state', '=', 'issued')
      .where((or) => or.or([or('ends', '<=', new Date(nowMs)), or('kind', '=', 'founding')]))
      .orderBy('ends')
      .limit(100)
      .forUpdate()
      .skipLocked()
      .execute();
    const persons: string[] = [];
    for (const row of due) {
      const isOver = row.ends.getTime() <= nowMs;
      if (!isOver && !(await hasOtherApprover(trx, row.person_id, nowMs))) continue;
      await endOne(trx, row, isOver ? 'expired' : 'other-approver', nowMs);
      persons.push(row.person_id);
    }
    return persons;
  });
  if (ended.length > 0) await book.changed(ended);
}

async function endOne(
  trx: Transaction<Tables>,
  row: { id: string; kind: string; person_id: string; revision: number },
  why: 'expired' | 'other-approver',
  nowMs: number,
): Promise<void> {
  await trx
    .updateTable('permission')
    .set({ state: 'ended', ended: new Date(nowMs), ended_why: why, revision: row.revision + 1 })
    .where('id', '=', row.id)
    .execute();
  const person = await trx
    .selectFrom('person')
    .select('name')
    .where('id', '=', row.person_id)
    .executeTakeFirst();
  await append(trx, {
    ...{ atMs: nowMs, actor: system, action: 'permission.end' satisfies Deed, outcome: 'done' },
    subject: { kind: 'permission', id: row.id, name: person?.name ?? refuse('permission.unknown') },
    detail: { why, kind: row.kind },
  });
}

/** Of a person who leaves: permissions, requests and delegations, in the transaction that ends everything. */
export const endPermissionsOf: AtLeaving = async (trx, grant, personId) => {
  const now = new Date(grant.atMs);
  const ended = await trx
    .updateTable('permission')
    .set({ ended: now, ended_by: grant.by.personId, ended_why: 'left' })
    .set((set) => ({
      revision: set('revision', '+', 1),
      state: sql`case state when 'asked' then 'withdrawn' else 'revoked' end`,
    }))
    .where('person_id', '=', personId)
    .where('state', 'in', ['asked', 'issued'])
    .returning('id')
    .execute();
  const lent = await trx
    .updateTable('delegation')
    .set({ ended: now })
    .where('ended', 'is', null)
    .where((or) => or.or([or('from_person', '=', personId), or('to_person', '=', personId)]))
    .returning('id')
    .execute();
  return { permissions: ended.length, delegations: lent.length };
};
