/** The desk: what units brought, what the organ answered, and for each place how it stands and what is late. */
import type { Kysely, Selectable, Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import {
  areProfiles,
  type Day,
  type FilingClock,
  filingClocks,
  localDay,
  type SiteFacts,
} from '../law/index.ts';
import { parseVerifierKey } from '../ledger/index.ts';
import { asUnit, type DeskUnit, findUnit } from './desk-units.ts';
import { type Content, frozenContent, missingDocuments, missingFacts } from './filing-content.ts';
import { checkDay } from './filings.ts';
import { makeAnswer, type OpenedPack, openPack, type SignerKey } from './pack.ts';

type Trx = Transaction<Tables>;
export type DeskFilingRow = Selectable<Tables['desk_filing']>;
export type DeskPlaceRow = Selectable<Tables['desk_place']>;
export type InspectionRow = Selectable<Tables['desk_inspection']>;

/** An organ's days are those of its own county. */
export const deskZone = 'Asia/Shanghai';
const firstDay: Day = '1980-01-01';
export const deskDay = (ms: number): Day => localDay(ms, deskZone);

// ---- what comes

/**
 * Takes a pack in. `delegate`: whoever brings it stands for one unit and brings no other's; null: the organ's clerk.
 * The rows are written under the unit's own role.
 */
export async function takePack(
  trx: Trx,
  grant: Grant<'desk.bring'>,
  file: string,
  units: readonly DeskUnit[],
  delegate: DeskUnit | null,
): Promise<string> {
  const keys = units.flatMap(({ key }) => parseVerifierKey(key) ?? []);
  const pack = openPack(file, keys);
  const unit = units.find(({ key }) => key === pack.content.key) ?? refuse('desk.unknown-key', { key: '' });
  if (delegate !== null && delegate.id !== unit.id) refuse('desk.other-unit');
  checkDays(pack.content, deskDay(grant.atMs));
  return asUnit(trx, unit, () => writePack(trx, grant, pack, unit));
}

/** No day of another era, and none that has not come. */
function checkDays({ attested, system, devices, documents, changes }: Content, today: Day): void {
  const days = [
    ...[attested.on, system.usedSince, system.stoppedOn, ...devices.map(({ since }) => since)],
    ...[...documents.map(({ on }) => on), ...changes.map(({ on }) => on)],
  ];
  // A unit west of the organ may still be in its yesterday, one east of it already in its tomorrow: both count days here.
  for (const day of days) if (day !== null) checkDay(day, firstDay, today);
}

async function writePack(
  trx: Trx,
  grant: Grant<'desk.bring'>,
  { content, text, digest, documents }: OpenedPack,
  unit: DeskUnit,
): Promise<string> {
  const placeId = await placeOf(trx, grant, content, unit);
  const id = newId('desk', grant.atMs);
  const newest = await trx
    .selectFrom('desk_filing')
    .select((select) => select.fn.max<number | null>('no').as('no'))
    .where('place_id', '=', placeId)
    .executeTakeFirst();
  if ((newest?.no ?? 0) >= content.filing.no) refuse('desk.replayed');
  try {
    await trx
      .insertInto('desk_filing')
      .values({
        ...{ id, unit_id: unit.id, place_id: placeId, no: content.filing.no, kind: content.filing.kind },
        ...{ digest: Buffer.from(digest, 'hex'), content: text, submitted_on: content.attested.on },
        ...{ arrived: new Date(grant.atMs), brought_by: grant.by.name, state: 'arrived', answered: null },
        ...{ answered_by: null, answered_on: null, receipt_no: null, reasons: null, answer_note: null },
      })
      .execute();
  } catch (error) {
    if (/^desk_filing_(digest|place_id_no)_key$/.test(brokenConstraint(error) ?? '')) refuse('desk.replayed');
    throw error;
  }
  for (const [sha256, bytes] of documents)
    await trx
      .insertInto('desk_document')
      .values({ unit_id: unit.id, digest: Buffer.from(sha256, 'hex'), bytes })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  return id;
}

const placeClasses = [
  'art7.1-government',
  'art7.2-operator',
  'art9-other-public',
  'art33-non-public',
] as const;

/** The place that the pack is of: known by its id, else by its name where the clerk entered it, else a new one. */
async function placeOf(
  trx: Trx,
  grant: Grant<'desk.bring'>,
  { site, system }: Content,
  unit: DeskUnit,
): Promise<string> {
  const place_class = placeClasses.find((one) => one === site.placeClass);
  if (!place_class) return refuse('desk.content', { what: 'site.placeClass' });
  if (!areProfiles(site.profiles)) return refuse('desk.content', { what: 'site.profiles' });
  const said = {
    ...{ name: site.name, address: site.address.slice(0, 200), place_class, place_type: site.placeType },
    ...{ profiles: site.profiles, used_since: system.usedSince, brought_as: site.id },
  };
  const known = await trx
    .selectFrom('desk_place')
    .select(['id', 'brought_as'])
    .where('unit_id', '=', unit.id)
    .where((or) =>
      or.or([
        or('brought_as', '=', site.id),
        or.and([or('brought_as', 'is', null), or('name', '=', site.name)]),
      ]),
    )
    .orderBy('brought_as')
    .executeTakeFirst();
  if (known) {
    await trx.updateTable('desk_place').set(said).where('id', '=', known.id).execute();
    return known.id;
  }
  const id = newId('place', grant.atMs);
  await trx
    .insertInto('desk_place')
    .values({ ...said, id, unit_id: unit.id, added: new Date(grant.atMs), added_by: grant.by.name })
    .execute();
  return id;
}

export async function addPlace(
  trx: Trx,
  grant: Grant<'desk.decide'>,
  unitId: string,
  given: {
    readonly name: string;
    readonly address: string;
    readonly placeClass: DeskPlaceRow['place_class'];
    readonly placeType: string | null;
    readonly profiles: string[];
    readonly usedSince: string | null;
  },
): Promise<string> {
  await findUnit(trx, unitId);
  if (!areProfiles(given.profiles)) refuse('desk.content', { what: 'site.profiles' });
  if (given.usedSince !== null) checkDay(given.usedSince, firstDay, deskDay(grant.atMs));
  const id = newId('place', grant.atMs);
  await trx
    .insertInto('desk_place')
    .values({
      ...{ id, unit_id: unitId, name: given.name, address: given.address, place_class: given.placeClass },
      ...{
        place_type: given.placeType,
        profiles: given.profiles,
        used_since: given.usedSince,
        brought_as: null,
      },
      ...{ added: new Date(grant.atMs), added_by: grant.by.name },
    })
    .execute();
  return id;
}

// ---- what is answered

export async function findDeskFiling(db: Kysely<Tables>, id: string): Promise<DeskFilingRow> {
  const row = await db.selectFrom('desk_filing').selectAll().where('id', '=', id).executeTakeFirst();
  return row ?? refuse('desk.unknown');
}

export const lackOf = (content: Content) => ({
  documents: content.filing.kind === 'first' ? missingDocuments(content, content.attested.on) : [],
  facts: missingFacts(content),
});

export type DeskAnswer =
  | { readonly outcome: 'accepted'; readonly receiptNo: string }
  | { readonly outcome: 'returned'; readonly reasons: string };

/** Accepts what is whole, or returns it; `by` is the clerk as people call them. */
export async function answerPack(
  trx: Trx,
  grant: Grant<'desk.decide'>,
  given: DeskAnswer & { readonly by: string },
  key: SignerKey,
): Promise<void> {
  const row = await trx
    .selectFrom('desk_filing')
    .selectAll()
    .where('id', '=', grant.subject.id ?? '')
    .forUpdate()
    .executeTakeFirst();
  if (!row) return refuse('desk.unknown');
  if (row.state !== 'arrived') refuse('desk.answered');
  const on = deskDay(grant.atMs);
  const isAccepted = given.outcome === 'accepted';
  if (isAccepted) checkComplete(frozenContent(row.content));
  const says = isAccepted ? given.receiptNo : given.reasons;
  const digest = Buffer.from(row.digest).toString('hex');
  const outcome = isAccepted ? 'received' : 'returned';
  try {
    await trx
      .updateTable('desk_filing')
      .set({
        ...{ state: given.outcome, answered: new Date(grant.atMs), answered_by: given.by, answered_on: on },
        ...{ receipt_no: isAccepted ? says : null, reasons: isAccepted ? null : says },
        answer_note: makeAnswer({ digest, outcome, says, on, by: given.by }, key),
      })
      .where('id', '=', row.id)
      .execute();
  } catch (error) {
    if (brokenConstraint(error) === 'desk_filing_receipt_no_key')
      refuse('desk.receipt-taken', { receipt: says });
    throw error;
  }
}

function checkComplete(content: Content): void {
  const { documents, facts } = lackOf(content);
  if (documents.length + facts.length === 0) return;
  refuse('desk.incomplete', { facts: facts.join(' '), documents: documents.join(' ') });
}

// ---- how each place stands

export interface PlaceState {
  readonly place: DeskPlaceRow;
  readonly state: 'none' | 'arrived' | 'accepted' | 'returned';
  readonly filedCameras: number | null;
  readonly foundCameras: number | null;
  readonly clocks: readonly FilingClock[];
  readonly changedWithoutFiling: boolean;
}

export function placeStates(
  places: readonly DeskPlaceRow[],
  filings: readonly DeskFilingRow[],
  inspections: readonly InspectionRow[],
  today: Day,
): PlaceState[] {
  const filed = Map.groupBy(filings, ({ place_id }) => place_id);
  const held = Map.groupBy(inspections, ({ place_id }) => place_id);
  return places.map((place) => placeState(place, filed.get(place.id) ?? [], held.get(place.id) ?? [], today));
}

function placeState(
  place: DeskPlaceRow,
  filings: readonly DeskFilingRow[],
  inspections: readonly InspectionRow[],
  today: Day,
): PlaceState {
  const ofNewest = [...filings].sort((a, b) => b.no - a.no);
  const counting = ofNewest.find(({ state }) => state !== 'returned');
  const accepted = ofNewest.find(({ state }) => state === 'accepted');
  const filedCameras = accepted ? frozenContent(accepted.content).system.cameras : null;
  const found = inspections
    .filter(({ held_on, found_cameras }) => held_on !== null && found_cameras !== null)
    .sort((a, b) => ((a.held_on ?? '') < (b.held_on ?? '') ? 1 : -1))[0];
  const isNews = found !== undefined && (!counting || (found.held_on ?? '') >= counting.submitted_on);
  const foundCameras = isNews ? found.found_cameras : null;
  const facts = factsOf(place, counting, accepted);
  return {
    ...{ place, state: ofNewest[0]?.state ?? 'none', filedCameras, foundCameras },
    clocks: filingClocks(facts, today),
    changedWithoutFiling: foundCameras !== null && filedCameras !== null && foundCameras !== filedCameras,
  };
}

const factsOf = (
  place: DeskPlaceRow,
  counting: DeskFilingRow | undefined,
  accepted: DeskFilingRow | undefined,
): SiteFacts => ({
  ...{ id: place.id, name: place.name, profiles: place.profiles, placeType: place.place_type },
  ...{ placeClass: place.place_class, keyTarget: false, owner: null, functions: [], area: [] },
  ...{ liveSince: place.used_since, stoppedOn: null, project: null, keeps: null, neighbours: [] },
  ...{ privateAreas: [], records: {}, open: {} },
  filing: {
    state: counting ? (counting.state === 'accepted' ? 'accepted' : 'submitted') : 'none',
    submittedOn: counting?.submitted_on ?? null,
    acceptedOn: accepted?.answered_on ?? null,
    ...{ returnedOn: null, unfiled: [], filedCameras: null },
  },
});

/** The last day that the law gave a pack: of its first day of use, or of the earliest change that it tells. */
export function dueOf(content: Content, place: DeskPlaceRow): Day | null {
  const base = factsOf(place, undefined, undefined);
  const { filing, changes, attested, system } = content;
  if (filing.kind === 'first')
    return filingClocks({ ...base, liveSince: system.usedSince }, attested.on)[0]?.last ?? null;
  const facts: SiteFacts = {
    ...base,
    filing: {
      ...{
        state: 'accepted',
        submittedOn: firstDay,
        acceptedOn: firstDay,
        returnedOn: null,
        filedCameras: null,
      },
      unfiled: changes.map(({ field, on }) => ({ field, on })),
    },
  };
  const last = filingClocks(facts, attested.on).flatMap((clock) => clock.last ?? []);
  return last.sort()[0] ?? null;
}
