/** The two permissions that nobody approves beforehand: the founding one of a new house, and access in an emergency. */
import type { Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import { permissions as contract } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from './grant.ts';
import type { PermissionAction } from './permission.ts';
import { hasOtherApprover } from './permission-ends.ts';
import { type LockedRow, lockRow } from './permission-rows.ts';
import { checkHolder, checkScope, checkSpan, type Scope, scopeColumns } from './permissions.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

const foundingWords = {
  reason: '系统试运行 Commissioning of the system',
  necessity: '尚无其他审批人 Nobody else can approve yet',
};

/** For cameras in trial run, while nobody else could approve; it ends by itself. */
export async function foundPermission(
  trx: Transaction<Tables>,
  grant: Grant<'permission.found'>,
): Promise<string> {
  const person = grant.by.personId ?? refuse('session.needed');
  await checkHolder(trx, person);
  if (await hasOtherApprover(trx, person, grant.atMs))
    refuse('permission.founding', { why: '已有其他审批人 another approver' });
  const operating = await trx
    .selectFrom('camera')
    .select('name')
    .where('step', '=', 'operating')
    .limit(1)
    .executeTakeFirst();
  if (operating) refuse('permission.founding', { why: `${operating.name} 已正式运行 operates` });
  await refuseSecondFounding(trx, person);
  const id = newId('perm', grant.atMs);
  const [now, ends] = [new Date(grant.atMs), new Date(grant.atMs + contract.foundingDays * dayMs)];
  await trx
    .insertInto('permission')
    .values({
      ...{ id, kind: 'founding', state: 'issued', person_id: person, asked_by: person },
      actions: [...contract.permissionActions],
      ...{ whole_unit: true, sites: [], cameras: [], time_zone: 'UTC', purpose: 'commissioning' },
      look_back_h: contract.foundingDays * 24,
      ...foundingWords,
      ...{ asked: now, starts: now, ends, recertify_by: ends, decided: now },
    })
    .execute();
  return id;
}

/** Once in the life of a house: whoever let thirty days pass needs a second person, not thirty more. */
async function refuseSecondFounding(trx: Transaction<Tables>, person: string): Promise<void> {
  const before = await trx
    .selectFrom('permission')
    .select('id')
    .where('kind', '=', 'founding')
    .where('person_id', '=', person)
    .executeTakeFirst();
  if (before) refuse('permission.founding', { why: '已使用过一次 it was issued once already' });
}

export interface Emergency extends Scope {
  readonly event: string;
  readonly level: 1 | 2 | 3 | 4;
  readonly actions: readonly PermissionAction[];
  readonly lookBackHours: number;
  readonly reason: string;
  readonly endsMs: number;
}

export async function openEmergency(
  trx: Transaction<Tables>,
  grant: Grant<'permission.emergency'>,
  asked: Emergency,
): Promise<string> {
  const person = grant.by.personId ?? refuse('session.needed');
  await checkHolder(trx, person);
  await checkScope(trx, asked);
  const maxMs = contract.emergencyHours[asked.level] * hourMs;
  checkSpan({ startsMs: grant.atMs, endsMs: asked.endsMs, nowMs: grant.atMs }, maxMs);
  const looksBack = asked.actions.some((action) => action !== 'live');
  if (looksBack && asked.lookBackHours === 0) refuse('permission.needs-look-back');
  await refuseWhileOwed(trx, person, grant.atMs);
  const id = newId('perm', grant.atMs);
  const [now, ends] = [new Date(grant.atMs), new Date(asked.endsMs)];
  await trx
    .insertInto('permission')
    .values({
      ...{ id, kind: 'emergency', state: 'issued', person_id: person, asked_by: person },
      ...{ actions: [...new Set(asked.actions)], ...scopeColumns(asked), look_back_h: asked.lookBackHours },
      ...{ time_zone: 'UTC', purpose: 'emergency', reason: asked.reason, necessity: asked.event },
      ...{ event: asked.event, event_level: asked.level },
      ...{ asked: now, starts: now, ends, recertify_by: ends, decided: now },
    })
    .execute();
  return id;
}

async function refuseWhileOwed(trx: Transaction<Tables>, person: string, nowMs: number): Promise<void> {
  const owed = await trx
    .selectFrom('permission')
    .select('event')
    .where('kind', '=', 'emergency')
    .where('person_id', '=', person)
    .where('review', 'is', null)
    .where((or) => or.or([or('state', '<>', 'issued'), or('ends', '<=', new Date(nowMs))]))
    .limit(1)
    .executeTakeFirst();
  if (owed) refuse('permission.review-owed', { event: owed.event ?? '' });
}

/** By another than whose it was (the gate forbids that), once it is over. */
export async function reviewEmergency(
  trx: Transaction<Tables>,
  grant: Grant<'permission.review'>,
  review: string,
): Promise<LockedRow> {
  const row = await lockRow(trx, grant.subject.id ?? '');
  const isOver = row.state !== 'issued' || row.ends.getTime() <= grant.atMs;
  if (row.kind !== 'emergency' || !isOver || row.review !== null) refuse('permission.no-review');
  await trx
    .updateTable('permission')
    .set({
      ...{ review, reviewed_by: grant.by.personId, reviewed: new Date(grant.atMs) },
      revision: row.revision + 1,
    })
    .where('id', '=', row.id)
    .execute();
  return row;
}
