/**
 * The way back in for who lost the password or the phone: one administrator asks, another approves and hands the code
 * over, and with it the person sets a new password. No administrator alone gets into somebody's account.
 */
import { createHash } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { newCode, newId, refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { endAllFactors } from './factors.ts';
import type { Grant } from './grant.ts';
import { endAllSessions } from './sessions.ts';

type Trx = Transaction<Tables>;

const openMs = 24 * 3_600_000;

export interface Recovery {
  readonly id: string;
  readonly personId: string;
  readonly person: string;
  readonly reason: string;
  readonly askedMs: number;
  readonly askedById: string;
  readonly askedBy: string;
  readonly approvedBy: string | null;
  readonly expiresMs: number;
}

/** Those that are still open. */
export async function recoveries(db: Kysely<Tables>, nowMs: number): Promise<Recovery[]> {
  const rows = await db
    .selectFrom('recovery')
    .innerJoin('person', 'person.id', 'recovery.person_id')
    .innerJoin('person as asker', 'asker.id', 'recovery.asked_by')
    .leftJoin('person as approver', 'approver.id', 'recovery.approved_by')
    .select(['recovery.id', 'recovery.person_id', 'recovery.reason', 'recovery.asked', 'recovery.expires'])
    .select(['recovery.asked_by', 'person.display_name as person', 'asker.display_name as asker'])
    .select('approver.display_name as approver')
    .where('recovery.used', 'is', null)
    .where('recovery.expires', '>', new Date(nowMs))
    .orderBy('recovery.asked')
    .limit(200)
    .execute();
  return rows.map((row) => ({
    ...{ id: row.id, personId: row.person_id, person: row.person, reason: row.reason },
    ...{ askedMs: row.asked.getTime(), askedById: row.asked_by, askedBy: row.asker },
    ...{ approvedBy: row.approver, expiresMs: row.expires.getTime() },
  }));
}

export async function askRecovery(
  trx: Trx,
  grant: Grant<'person.configure'>,
  reason: string,
): Promise<string> {
  const personId = grant.subject.id ?? refuse('person.unknown');
  const askedBy = grant.by.personId ?? refuse('session.needed');
  if (askedBy === personId) refuse('recovery.own');
  const id = newId('rcv', grant.atMs);
  await trx
    .insertInto('recovery')
    .values({
      ...{ id, person_id: personId, reason, asked: new Date(grant.atMs), asked_by: askedBy },
      expires: new Date(grant.atMs + openMs),
    })
    .execute();
  return id;
}

/** The code leaves this process once, to who approved, to be handed over to the person. */
export async function approveRecovery(
  trx: Trx,
  grant: Grant<'person.configure'>,
  id: string,
): Promise<{ readonly code: string; readonly expiresMs: number }> {
  const by = grant.by.personId ?? refuse('session.needed');
  const row = await trx
    .selectFrom('recovery')
    .selectAll()
    .where('id', '=', id)
    .where('approved', 'is', null)
    .where('expires', '>', new Date(grant.atMs))
    .forUpdate()
    .executeTakeFirst();
  if (!row) refuse('recovery.unknown');
  if (row.asked_by === by || row.person_id === by) refuse('recovery.same');
  const code = newCode(3);
  const expiresMs = grant.atMs + openMs;
  await trx
    .updateTable('recovery')
    .set({
      ...{ approved: new Date(grant.atMs), approved_by: by, expires: new Date(expiresMs) },
      code_digest: digestOf(row.person_id, code),
    })
    .where('id', '=', id)
    .execute();
  return { code, expiresMs };
}

export async function personOfRecovery(db: Kysely<Tables>, id: string): Promise<string> {
  const row = await db.selectFrom('recovery').select('person_id').where('id', '=', id).executeTakeFirst();
  return row?.person_id ?? refuse('recovery.unknown');
}

/** Sets the new password; factors, codes and sessions of before end. Null: no such code. */
export async function spendRecovery(
  trx: Trx,
  of: { personId: string; code: string; passwordHash: string; nowMs: number },
): Promise<{ readonly id: string; readonly ended: readonly string[] } | null> {
  const row = await trx
    .updateTable('recovery')
    .set({ used: new Date(of.nowMs) })
    .where('person_id', '=', of.personId)
    .where('code_digest', '=', digestOf(of.personId, of.code))
    .where('used', 'is', null)
    .where('expires', '>', new Date(of.nowMs))
    .returning('id')
    .executeTakeFirst();
  if (!row) return null;
  await trx
    .updateTable('person')
    .set({ password_hash: of.passwordHash })
    .where('id', '=', of.personId)
    .execute();
  await endAllFactors(trx, of.personId, 'recovery', of.nowMs);
  return { id: row.id, ended: await endAllSessions(trx, of.personId, 'password', of.nowMs) };
}

const digestOf = (personId: string, code: string): Buffer =>
  createHash('sha256')
    .update(`${personId} ${code.toUpperCase().replace(/[^A-Z0-9]/g, '')}`)
    .digest();
