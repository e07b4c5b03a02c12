/**
 * Permissions as they are asked for, decided by another, changed, recertified and taken away. Everything here happens
 * in the caller's transaction, together with its row in the ledger; the book is told after the commit.
 */
import type { Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import { permissions as contract } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import { checkDecider } from './approvals.ts';
import { mayHold } from './decide.ts';
import type { Grant } from './grant.ts';
import type { PermissionAction } from './permission.ts';
import { checkSeen, type LockedRow, lockRow } from './permission-rows.ts';

const dayMs = 86_400_000;

export interface Scope {
  readonly wholeUnit: boolean;
  readonly sites: readonly string[];
  readonly cameras: readonly string[];
}

export interface Asked extends Scope {
  readonly personId: string;
  readonly actions: readonly PermissionAction[];
  readonly lookBackHours: number;
  readonly hours: { readonly from: string; readonly to: string } | null;
  readonly purpose: contract.Purpose;
  readonly reason: string;
  readonly necessity: string;
  readonly startsMs: number | null;
  readonly endsMs: number;
  readonly replaces: string | null;
}

export async function askPermission(
  trx: Transaction<Tables>,
  grant: Grant<'permission.ask'>,
  asked: Asked,
): Promise<string> {
  await checkHolder(trx, asked.personId);
  await checkScope(trx, asked);
  const startsMs = asked.startsMs ?? grant.atMs;
  checkSpan({ startsMs, endsMs: asked.endsMs, nowMs: grant.atMs }, contract.maxPermissionDays * dayMs);
  const looksBack = asked.actions.some((action) => action !== 'live');
  if (looksBack && asked.lookBackHours === 0) refuse('permission.needs-look-back');
  if (asked.replaces !== null) await checkReplaced(trx, asked.replaces, asked.personId);
  const id = newId('perm', grant.atMs);
  await trx
    .insertInto('permission')
    .values({
      ...{ id, kind: 'asked', state: 'asked', person_id: asked.personId },
      ...{ actions: [...new Set(asked.actions)], ...scopeColumns(asked) },
      look_back_h: looksBack ? asked.lookBackHours : 0,
      ...(await hourColumns(trx, asked)),
      ...{ purpose: asked.purpose, reason: asked.reason, necessity: asked.necessity },
      ...{ asked_by: grant.by.personId ?? refuse('session.needed'), asked: new Date(grant.atMs) },
      ...{ starts: new Date(startsMs), ends: new Date(asked.endsMs), replaces: asked.replaces },
    })
    .execute();
  return id;
}

export const scopeColumns = (scope: Scope) => ({
  whole_unit: scope.wholeUnit,
  sites: scope.wholeUnit ? [] : [...new Set(scope.sites)],
  cameras: scope.wholeUnit ? [] : [...new Set(scope.cameras)],
});

/** Only active watchers and approvers look. */
export async function checkHolder(trx: Transaction<Tables>, personId: string): Promise<void> {
  const person = await trx
    .selectFrom('person')
    .select(['name', 'roles', 'active'])
    .where('id', '=', personId)
    .executeTakeFirst();
  if (!person?.active || !mayHold(person.roles))
    refuse('permission.holder', { name: person?.name ?? personId });
}

/** Named cameras and sites must be there: a swapped id permits nothing, and is said at once. */
export async function checkScope(trx: Transaction<Tables>, scope: Scope): Promise<void> {
  const [cameras, sites] = [[...new Set(scope.cameras)], [...new Set(scope.sites)]];
  if (scope.wholeUnit) return;
  if (cameras.length + sites.length === 0) refuse('permission.scope');
  if (cameras.length > 0) {
    const found = await trx.selectFrom('camera').select('id').where('id', 'in', cameras).execute();
    if (found.length !== cameras.length) refuse('permission.scope');
  }
  if (sites.length > 0) {
    const found = await trx.selectFrom('site').select('id').where('id', 'in', sites).execute();
    if (found.length !== sites.length) refuse('permission.scope');
  }
}

export function checkSpan(
  span: { readonly startsMs: number; readonly endsMs: number; readonly nowMs: number },
  maxMs: number,
): void {
  const { startsMs, endsMs, nowMs } = span;
  const isGood = endsMs > nowMs && endsMs > startsMs && endsMs - Math.max(startsMs, nowMs) <= maxMs;
  if (!isGood) refuse('permission.span', { days: Math.floor(maxMs / dayMs) });
}

async function checkReplaced(trx: Transaction<Tables>, id: string, personId: string): Promise<void> {
  const row = await trx
    .selectFrom('permission')
    .select(['state', 'person_id'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row?.state !== 'issued' || row.person_id !== personId) refuse('permission.unknown');
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** Hours are those of the place: of the first camera's or site's, and of the unit's first site for the whole unit. */
async function hourColumns(trx: Transaction<Tables>, asked: Asked) {
  const site = await trx
    .selectFrom('site')
    .leftJoin('camera', 'camera.site_id', 'site.id')
    .select('site.time_zone')
    .where((or) =>
      or.or([
        or.val(asked.wholeUnit),
        or('site.id', 'in', asked.sites.length > 0 ? asked.sites : ['']),
        or('camera.id', 'in', asked.cameras.length > 0 ? asked.cameras : ['']),
      ]),
    )
    .orderBy('site.created')
    .limit(1)
    .executeTakeFirst();
  const { hours } = asked;
  const isAllDay = hours === null || hours.from === hours.to;
  return {
    time_zone: site?.time_zone ?? 'UTC',
    from_minute: isAllDay ? null : minutesOf(hours.from),
    to_minute: isAllDay ? null : minutesOf(hours.to) || 1440,
  };
}

export interface Decision {
  readonly revision: number;
  readonly note: string;
  readonly endsMs?: number | undefined;
}

/** Issues what the grant names; resolves with the persons whose permissions changed. */
export async function approvePermission(
  trx: Transaction<Tables>,
  grant: Grant<'permission.decide'>,
  decision: Decision,
): Promise<{ row: LockedRow; decidedFor: string | null; endsMs: number }> {
  const row = await lockRow(trx, grant.subject.id ?? '');
  await checkSeen(trx, row, { state: ['asked'], revision: decision.revision });
  await checkHolder(trx, row.person_id);
  const decidedFor = await checkDecider(trx, grant, row);
  const endsMs = Math.min(row.ends.getTime(), decision.endsMs ?? Number.POSITIVE_INFINITY);
  checkSpan(
    { startsMs: row.starts.getTime(), endsMs, nowMs: grant.atMs },
    contract.maxPermissionDays * dayMs,
  );
  if (row.replaces !== null) await endReplaced(trx, grant, row.replaces);
  const recertifyMs = Math.min(endsMs, grant.atMs + contract.recertifyDays * dayMs);
  await trx
    .updateTable('permission')
    .set({
      ...{ state: 'issued', revision: row.revision + 1, ends: new Date(endsMs) },
      ...{ decided_by: grant.by.personId, decided_for: decidedFor, decided: new Date(grant.atMs) },
      ...{ decision_note: decision.note, recertify_by: new Date(recertifyMs) },
    })
    .where('id', '=', row.id)
    .execute();
  return { row, decidedFor, endsMs };
}

async function endReplaced(trx: Transaction<Tables>, grant: Grant, id: string): Promise<void> {
  await trx
    .updateTable('permission')
    .set({
      ...{ state: 'revoked', ended: new Date(grant.atMs), ended_by: grant.by.personId },
      ...{ ended_why: 'replaced' },
    })
    .set((set) => ({ revision: set('revision', '+', 1) }))
    .where('id', '=', id)
    .where('state', '=', 'issued')
    .execute();
}

export async function refusePermission(
  trx: Transaction<Tables>,
  grant: Grant<'permission.decide'>,
  decision: Decision,
): Promise<LockedRow> {
  const row = await lockRow(trx, grant.subject.id ?? '');
  await checkSeen(trx, row, { state: ['asked'], revision: decision.revision });
  const decidedFor = await checkDecider(trx, grant, row);
  await trx
    .updateTable('permission')
    .set({
      ...{ state: 'refused', revision: row.revision + 1, decided_by: grant.by.personId },
      ...{ decided_for: decidedFor, decided: new Date(grant.atMs), decision_note: decision.note },
    })
    .where('id', '=', row.id)
    .execute();
  return row;
}

/** Revoked by whoever may, given up by whose it is, or taken back by who asked. */
export async function endPermission(
  trx: Transaction<Tables>,
  grant: Grant<'permission.revoke' | 'self'>,
  given: { readonly id: string; readonly revision: number; readonly why: string; readonly own?: boolean },
): Promise<LockedRow> {
  const row = await lockRow(trx, given.id);
  const isOwn = row.person_id === grant.by.personId || row.asked_by === grant.by.personId;
  if (given.own && !isOwn) refuse('permission.unknown');
  const state = given.own ? (['asked', 'issued'] as const) : (['issued'] as const);
  await checkSeen(trx, row, { state, revision: given.revision });
  await trx
    .updateTable('permission')
    .set({
      ...{ state: row.state === 'asked' ? 'withdrawn' : 'revoked', revision: row.revision + 1 },
      ...{ ended: new Date(grant.atMs), ended_by: grant.by.personId, ended_why: given.why },
    })
    .where('id', '=', row.id)
    .execute();
  return row;
}

export async function recertifyPermission(
  trx: Transaction<Tables>,
  grant: Grant<'permission.decide'>,
  decision: Decision,
): Promise<LockedRow> {
  const row = await lockRow(trx, grant.subject.id ?? '');
  await checkSeen(trx, row, { state: ['issued'], revision: decision.revision });
  await checkDecider(trx, grant, row);
  const byMs = Math.min(row.ends.getTime(), grant.atMs + contract.recertifyDays * dayMs);
  await trx
    .updateTable('permission')
    .set({
      ...{ revision: row.revision + 1, recertify_by: new Date(byMs) },
      ...{ recertified_by: grant.by.personId, decision_note: decision.note },
    })
    .where('id', '=', row.id)
    .execute();
  return row;
}
