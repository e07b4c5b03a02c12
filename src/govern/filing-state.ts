/**
 * How the filing of each site stands: the copy that counts, what differs from it and since when, and the clocks that
 * run. The copy that counts is the last that was submitted and not returned; a return lets the clocks of what it told
 * run on from where they began.
 */
import type { Kysely, Selectable } from 'kysely';
import type { Tables } from '../db/index.ts';
import {
  type FiledChange,
  type FiledField,
  type FilingClock,
  filingClocks,
  localDay,
  type Recorded,
  type SiteFacts,
} from '../law/index.ts';
import { type Difference, differences, type SeenChange, sinceOf } from './drift.ts';
import {
  type Content,
  contentOf,
  type FilingKind,
  frozenContent,
  missingDocuments,
  missingFacts,
} from './filing-content.ts';
import { type Registered, readRegister } from './register.ts';

export type FilingRow = Selectable<Tables['filing']>;

export interface Drifted extends Difference {
  readonly on: string;
}

export interface SiteFiling {
  readonly site: Registered;
  /** Newest first. */
  readonly filings: readonly FilingRow[];
  /** The copy that counts. */
  readonly filed: FilingRow | null;
  readonly drift: readonly Drifted[];
  /** The site as the law sees it, with what was filed. */
  readonly facts: SiteFacts;
  readonly clocks: readonly FilingClock[];
  /** What would be submitted now. */
  readonly kind: FilingKind;
  readonly next: Content;
  readonly missingDocuments: readonly string[];
  readonly missingFacts: readonly string[];
}

export interface StateAt {
  readonly nowMs: number;
  /** The unit's verifier key. */
  readonly key: string;
}

export async function siteFilings(
  db: Kysely<Tables>,
  at: StateAt,
  ids?: readonly string[],
): Promise<SiteFiling[]> {
  const register = await readRegister(db, at.nowMs, ids);
  const rows = await db
    .selectFrom('filing')
    .selectAll()
    .$if(ids !== undefined, (query) => query.where('site_id', 'in', [...(ids ?? []), '']))
    .orderBy('no', 'desc')
    .execute();
  const bySite = Map.groupBy(rows, ({ site_id }) => site_id);
  const states: SiteFiling[] = [];
  for (const [id, site] of register) states.push(await stateOf(db, at, site, bySite.get(id) ?? []));
  return states.sort((a, b) => (a.facts.name < b.facts.name ? -1 : 1));
}

async function stateOf(
  db: Kysely<Tables>,
  at: StateAt,
  site: Registered,
  filings: readonly FilingRow[],
): Promise<SiteFiling> {
  const filed = filings.find(({ state }) => state === 'submitted' || state === 'received') ?? null;
  const before = filed?.content ? frozenContent(filed.content) : null;
  const kind: FilingKind =
    before === null
      ? 'first'
      : site.stoppedOn !== null && before.system.stoppedOn === null
        ? 'stop'
        : 'change';
  const draft = filings.find(({ state }) => state === 'draft');
  const bare = contentOf(site, {
    ...{ id: draft?.id ?? nothing, no: draft?.no ?? 1, kind, key: at.key, changes: [] },
    attested: { by: '', as: '', on: site.today },
  });
  const drift = before && filed ? await driftOf(db, site, before, bare, filed) : [];
  const changes = drift.map(({ field, on, cameraId, cameraName }) => ({ field, on, cameraId, cameraName }));
  const next: Content = { ...bare, changes };
  const facts = factsOf(site, filings, filed, before, drift);
  return {
    ...{ site, filings, filed, drift, facts, kind, next },
    clocks: filingClocks(facts, site.today),
    missingDocuments: missingDocuments(next, site.today),
    missingFacts: missingFacts(next),
  };
}

const nothing = 'fil_0000000000000000000000';

async function driftOf(
  db: Kysely<Tables>,
  site: Registered,
  before: Content,
  now: Content,
  filed: FilingRow,
): Promise<Drifted[]> {
  const found = differences(before, now);
  if (found.length === 0) return [];
  const seen = await seenSince(db, site.lawful.facts.id, filed.frozen_seq ?? 0);
  return found.map((each) => {
    const sinceMs = sinceOf(each, seen);
    return { ...each, on: sinceMs === null ? site.today : localDay(sinceMs, site.lawful.timeZone) };
  });
}

export async function seenSince(db: Kysely<Tables>, siteId: string, seq: number): Promise<SeenChange[]> {
  const rows = await db
    .selectFrom('filed_change')
    .selectAll()
    .where((or) => or.or([or('site_id', '=', siteId), or('site_id', 'is', null)]))
    .where('seq', '>', seq)
    .orderBy('seq')
    .execute();
  return rows.map(({ field, camera_id, at, value }) => ({
    ...{ field, cameraId: camera_id, atMs: at.getTime(), value },
  }));
}

/** What the law asks of a filing, with the documents that lie with it as what stands on record. */
function factsOf(
  site: Registered,
  filings: readonly FilingRow[],
  filed: FilingRow | null,
  before: Content | null,
  drift: readonly Drifted[],
): SiteFacts {
  const { facts } = site.lawful;
  const accepted = filings.find(({ state }) => state === 'received');
  const returned = filings.find(({ state }) => state === 'returned');
  const records: Record<string, Recorded> = {};
  for (const { kind, on, id, addedBy } of site.documents) records[kind] = { on, documentId: id, by: addedBy };
  if (filed?.submitted_on)
    for (const kind of ['registration-form', 'attestation'])
      records[kind] ??= { on: filed.submitted_on, by: filed.attested_by ?? '' };
  return {
    ...facts,
    ...{ liveSince: site.liveSince, stoppedOn: site.stoppedOn, records: { ...facts.records, ...records } },
    filing: {
      state: filed ? (filed.state === 'received' ? 'accepted' : 'submitted') : returned ? 'returned' : 'none',
      submittedOn: filed?.submitted_on ?? null,
      acceptedOn: accepted?.answered_on ?? null,
      returnedOn: returned?.answered_on ?? null,
      unfiled: drift.map(
        ({ field, on, cameraId }): FiledChange => ({
          ...{ field: field as FiledField, on },
          ...(cameraId === null ? {} : { cameraId }),
        }),
      ),
      filedCameras: before?.system.cameras ?? null,
    },
  };
}
