/** Inspections of the organ: planned with two officers who are two persons, and what they found. */
import type { Kysely, Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import { addMonths } from '../law/index.ts';
import { deskDay, type InspectionRow } from './desk.ts';
import { checkDay } from './filings.ts';

type Trx = Transaction<Tables>;
interface Officer {
  readonly name: string;
  readonly number: string;
}

export async function findInspection(db: Kysely<Tables>, id: string): Promise<InspectionRow> {
  const row = await db.selectFrom('desk_inspection').selectAll().where('id', '=', id).executeTakeFirst();
  return row ?? refuse('desk.unknown');
}

export async function planInspection(
  trx: Trx,
  grant: Grant<'desk.inspect'>,
  given: {
    readonly placeId: string;
    readonly on: string;
    readonly purpose: string;
    readonly officers: readonly [Officer, Officer];
  },
): Promise<string> {
  const [a, b] = given.officers;
  if (same(a.number, b.number) || same(a.name, b.name)) refuse('desk.officers');
  const today = deskDay(grant.atMs);
  checkDay(given.on, today, addMonths(today, 24));
  const place = await trx
    .selectFrom('desk_place')
    .select('unit_id')
    .where('id', '=', given.placeId)
    .executeTakeFirst();
  if (!place) return refuse('desk.unknown');
  const id = newId('insp', grant.atMs);
  try {
    await trx
      .insertInto('desk_inspection')
      .values({
        ...{ id, unit_id: place.unit_id, place_id: given.placeId, on_day: given.on, purpose: given.purpose },
        ...{ officer_a: a.name, number_a: a.number, officer_b: b.name, number_b: b.number },
        ...{ planned: new Date(grant.atMs), planned_by: grant.by.name, held_on: null, found_cameras: null },
        ...{ findings: null, outcome: null, correct_by: null, recorded: null, recorded_by: null },
      })
      .execute();
  } catch (error) {
    if (brokenConstraint(error) === 'two_officers') refuse('desk.officers');
    throw error;
  }
  return id;
}

/** Blanks, case and width do not make two persons of one. */
const folded = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\s·.]+/g, '')
    .toLowerCase();
const same = (a: string, b: string): boolean => folded(a) === folded(b);

export async function recordInspection(
  trx: Trx,
  grant: Grant<'desk.inspect'>,
  given: {
    readonly heldOn: string;
    readonly foundCameras: number | null;
    readonly findings: string;
    readonly outcome: 'in-order' | 'to-correct';
    readonly correctBy: string | null;
  },
): Promise<void> {
  const row = await findInspection(trx, grant.subject.id ?? '');
  if (row.recorded) refuse('desk.recorded');
  const today = deskDay(grant.atMs);
  checkDay(given.heldOn, deskDay(row.planned.getTime()), today);
  if ((given.outcome === 'to-correct') !== (given.correctBy !== null)) refuse('desk.correct-by');
  if (given.correctBy !== null) checkDay(given.correctBy, given.heldOn, addMonths(today, 24));
  await trx
    .updateTable('desk_inspection')
    .set({
      ...{ held_on: given.heldOn, found_cameras: given.foundCameras, findings: given.findings },
      ...{ outcome: given.outcome, correct_by: given.correctBy },
      ...{ recorded: new Date(grant.atMs), recorded_by: grant.by.name },
    })
    .where('id', '=', row.id)
    .where('recorded', 'is', null)
    .execute();
}
