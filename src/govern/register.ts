/**
 * What the register says today of a site, in the form of a filing: read in one go for one site or for all. Nothing of
 * it is ever typed into a filing; who wants another filing changes the register.
 */
import type { Kysely, Selectable } from 'kysely';
import { refuse } from '../base/index.ts';
import { type LawfulSite, lawfulSites } from '../collect/index.ts';
import { filing as form } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import { type Day, localDay, type Period, periodMs } from '../law/index.ts';
import { lawOf, type SiteKeeping, siteKeepings } from '../store/index.ts';

export type Device = form.Content['devices'][number];
type CameraRow = Selectable<Tables['camera']>;

export interface DocumentRow {
  readonly id: string;
  readonly siteId: string;
  readonly kind: string;
  readonly name: string;
  readonly on: Day;
  readonly bytes: number;
  readonly sha256: string;
  readonly addedMs: number;
  readonly addedBy: string;
}

export interface Registered {
  readonly lawful: LawfulSite;
  readonly address: string;
  readonly today: Day;
  readonly unit: form.Content['unit'] & {
    readonly changedMs: number | null;
    readonly changedBy: string | null;
  };
  readonly organ: string;
  readonly organKey: string | null;
  readonly saidSince: Day | null;
  /** The first day of use: what was said, or the first camera that operated, whichever is earlier. */
  readonly liveSince: Day | null;
  readonly stoppedOn: Day | null;
  readonly storage: Period | null;
  /** In use, by name. */
  readonly devices: readonly Device[];
  readonly documents: readonly DocumentRow[];
}

/** `ids` left out: all sites. */
export async function readRegister(
  db: Kysely<Tables>,
  nowMs: number,
  ids?: readonly string[],
): Promise<Map<string, Registered>> {
  const sites = await lawfulSites(db, ids);
  const [unit, rows, uses, cameras, keepings, documents] = await Promise.all([
    readUnit(db),
    db.selectFrom('site').select(['id', 'address']).execute(),
    db.selectFrom('site_use').selectAll().execute(),
    db
      .selectFrom('camera')
      .selectAll()
      .$if(ids !== undefined, (query) => query.where('site_id', 'in', [...(ids ?? []), '']))
      .orderBy('name')
      .orderBy('id')
      .execute(),
    siteKeepings(db),
    readDocuments(db),
  ]);
  const bySite = Map.groupBy(cameras, ({ site_id }) => site_id);
  const found = new Map<string, Registered>();
  for (const [id, lawful] of sites) {
    const use = uses.find(({ site_id }) => site_id === id);
    const here = bySite.get(id) ?? [];
    const saidSince = use?.used_since ?? null;
    const keeping = keepings.find(({ siteId }) => siteId === id);
    found.set(id, {
      ...{ lawful, unit, saidSince, today: localDay(nowMs, lawful.timeZone) },
      address: rows.find((row) => row.id === id)?.address ?? '',
      organ: use?.organ ?? '',
      organKey: use?.organ_key ?? null,
      liveSince: earliest([saidSince, ...here.map(({ operating_since }) => operating_since)]),
      stoppedOn: use?.stopped_on ?? null,
      storage: keeping ? periodKept(keeping, nowMs) : null,
      devices: here.filter(isInUse).map(asDevice),
      documents: documents.filter(({ siteId }) => siteId === id),
    });
  }
  return found;
}

export async function readSite(db: Kysely<Tables>, nowMs: number, id: string): Promise<Registered> {
  return (await readRegister(db, nowMs, [id])).get(id) ?? refuse('site.unknown');
}

export async function readUnit(db: Kysely<Tables>): Promise<Registered['unit']> {
  const unit = await db.selectFrom('unit').select(['id', 'name']).executeTakeFirst();
  const facts = await db.selectFrom('unit_facts').selectAll().executeTakeFirst();
  return {
    ...{ id: unit?.id ?? '', name: unit?.name ?? '', creditCode: facts?.credit_code ?? '' },
    ...{ address: facts?.address ?? '', legalPerson: facts?.legal_person ?? '' },
    ...{ contact: facts?.contact ?? '', phone: facts?.phone ?? '' },
    ...{ changedMs: facts?.changed.getTime() ?? null, changedBy: facts?.changed_by ?? null },
  };
}

const earliest = (days: readonly (Day | null)[]): Day | null =>
  days.filter((day) => day !== null).sort()[0] ?? null;

/** `is_in_use` of the database says the same. */
export const isInUse = ({ step, operating_since }: CameraRow): boolean =>
  step === 'operating' || step === 'suspended' || (step === 'tested' && operating_since !== null);

const asDevice = (row: CameraRow): Device => ({
  ...{ id: row.id, name: row.name, room: row.room, zone: row.zone, purpose: row.purpose, turns: row.turns },
  ...{ sound: row.sound_basis !== null, capabilities: row.capabilities, lat: row.lat, lon: row.lon },
  ...{
    azimuthDeg: row.azimuth_deg,
    angleDeg: row.angle_deg,
    rangeM: row.range_m,
    since: row.operating_since,
  },
});

/** The longer of what the law asks for and what the unit says. */
function periodKept(keeping: SiteKeeping, nowMs: number): Period | null {
  const { floor, policy, day } = lawOf(keeping, nowMs);
  if (!policy.period || !floor.value) return policy.period ?? floor.value;
  return periodMs(policy.period, day) > periodMs(floor.value, day) ? policy.period : floor.value;
}

async function readDocuments(db: Kysely<Tables>): Promise<DocumentRow[]> {
  const rows = await db
    .selectFrom('filing_document')
    .select(['id', 'site_id', 'kind', 'name', 'on_day', 'digest', 'added', 'added_by'])
    .select((select) => select.fn<number>('length', ['bytes']).as('size'))
    .where('ended', 'is', null)
    .orderBy('added', 'desc')
    .orderBy('id', 'desc')
    .execute();
  const documents = rows.map((row) => ({
    ...{ id: row.id, siteId: row.site_id, kind: row.kind, name: row.name, on: row.on_day, bytes: row.size },
    ...{ sha256: Buffer.from(row.digest).toString('hex') },
    ...{ addedMs: row.added.getTime(), addedBy: row.added_by },
  }));
  // The newest of a kind counts, whether it was added here or stands behind a record of the site.
  const all = [...documents, ...(await behindRecords(db))].sort((a, b) => b.addedMs - a.addedMs);
  return all.filter(
    (one, i) => all.findIndex(({ siteId, kind }) => siteId === one.siteId && kind === one.kind) === i,
  );
}

/** A paper that a site has on record already is not asked for twice. */
async function behindRecords(db: Kysely<Tables>): Promise<DocumentRow[]> {
  const rows = await db
    .selectFrom('legal_record')
    .innerJoin('record_document', 'record_id', 'legal_record.id')
    .select(['record_id', 'site_id', 'kind', 'on_day', 'name', 'sha256'])
    .select(['record_document.written as added', 'record_document.written_by as added_by'])
    .select((select) => select.fn<number>('length', ['bytes']).as('size'))
    .where('ended', 'is', null)
    .where('camera_id', 'is', null)
    .where('media_type', '=', 'application/pdf')
    .where('kind', 'in', [...form.documentKinds])
    .execute();
  return rows
    .filter(({ size }) => size <= form.maxDocumentBytes)
    .map((row) => ({
      ...{ id: row.record_id, siteId: row.site_id, kind: row.kind, name: row.name, on: row.on_day },
      ...{ bytes: row.size, sha256: Buffer.from(row.sha256).toString('hex') },
      ...{ addedMs: row.added.getTime(), addedBy: row.added_by },
    }));
}
