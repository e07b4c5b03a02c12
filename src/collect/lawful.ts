/** Sites and cameras as the law sees them, read from their rows and from what stands on record. */
import type { Kysely, Selectable } from 'kysely';
import type { Tables } from '../db/index.ts';
import {
  type CameraFacts,
  type Capability,
  isRecordKind,
  isRoom,
  type Recorded,
  type Records,
  type SiteFacts,
  type SiteFunction,
} from '../law/index.ts';

/** A site with what stands on record there. */
export interface LawfulSite {
  readonly facts: SiteFacts;
  readonly timeZone: string;
  /** Of a camera at this site. */
  readonly recordsOf: (cameraId: string) => Records;
}

/** Nothing is known yet of what was filed. */
const notFiled: SiteFacts['filing'] = {
  ...{
    state: 'none',
    submittedOn: null,
    acceptedOn: null,
    returnedOn: null,
    unfiled: [],
    filedCameras: null,
  },
};

/** `ids` left out: all of them. */
export async function lawfulSites(
  db: Kysely<Tables>,
  ids?: readonly string[],
): Promise<Map<string, LawfulSite>> {
  const sites = await db
    .selectFrom('site')
    .selectAll()
    .$if(ids !== undefined, (query) => query.where('id', 'in', [...(ids ?? []), '']))
    .execute();
  const written = await recordsOfSites(db, ids);
  return new Map(
    sites.map((row) => {
      const { ofSite, ofCameras } = sortedOut(written.get(row.id) ?? []);
      const recordsOf = (id: string): Records => ({ ...ofSite, ...ofCameras.get(id) });
      return [row.id, { facts: siteFacts(row, ofSite), timeZone: row.time_zone, recordsOf }];
    }),
  );
}

export async function lawfulSite(db: Kysely<Tables>, id: string): Promise<LawfulSite | null> {
  return (await lawfulSites(db, [id])).get(id) ?? null;
}

type SiteRow = Selectable<Tables['site']>;

const siteFacts = (row: SiteRow, records: Records): SiteFacts => ({
  id: row.id,
  name: row.name,
  profiles: row.profiles,
  placeType: row.place_type,
  placeClass: row.class_decided === null ? null : row.place_class,
  keyTarget: row.key_target,
  owner: row.owner,
  functions: row.functions as SiteFunction[],
  area: row.area,
  liveSince: null,
  stoppedOn: null,
  project: null,
  filing: notFiled,
  keeps: null,
  neighbours: row.neighbours,
  privateAreas: row.private_areas,
  records,
  open: {},
});

/** The cameras of these sites, those that are retired among them. */
export async function lawfulCameras(
  db: Kysely<Tables>,
  sites: ReadonlyMap<string, LawfulSite>,
): Promise<Map<string, CameraFacts[]>> {
  const rows = await db
    .selectFrom('camera')
    .selectAll()
    .$if(sites.size === 1, (query) => query.where('site_id', 'in', [...sites.keys()]))
    .orderBy('name_folded')
    .execute();
  const known = rows.flatMap((row) => {
    const site = sites.get(row.site_id);
    return site ? [cameraFacts(row, site.recordsOf(row.id))] : [];
  });
  return Map.groupBy(known, ({ siteId }) => siteId);
}

/** What the law has to know of a camera, beside what stands on record. */
export function cameraFacts(row: Selectable<Tables['camera']>, records: Records): CameraFacts {
  const { lat, lon } = row;
  return {
    id: row.id,
    name: row.name,
    siteId: row.site_id,
    step: row.step,
    operatingSince: row.operating_since,
    // A word that is none any more is no room that could be judged.
    room: row.room !== null && isRoom(row.room) ? row.room : null,
    zone: row.zone,
    owner: row.owner,
    purpose: row.purpose,
    at: lat === null || lon === null ? null : { lat, lon },
    azimuthDeg: row.azimuth_deg,
    angleDeg: row.angle_deg,
    rangeM: row.range_m,
    turns: row.turns,
    sound: row.sound_basis !== null,
    masked: row.masked,
    capabilities: row.capabilities as Capability[],
    endOfSupport: row.end_of_support,
    records,
    open: {},
  };
}

interface RecordRow {
  readonly camera_id: string | null;
  readonly kind: string;
  readonly on_day: string;
  readonly until_day: string | null;
  readonly said: string;
  readonly written_by: string;
}

async function recordsOfSites(
  db: Kysely<Tables>,
  ids?: readonly string[],
): Promise<Map<string, RecordRow[]>> {
  const rows = await db
    .selectFrom('legal_record')
    .select(['site_id', 'camera_id', 'kind', 'on_day', 'until_day', 'said', 'written_by'])
    .where('ended', 'is', null)
    .$if(ids !== undefined, (query) => query.where('site_id', 'in', [...(ids ?? []), '']))
    .orderBy('on_day')
    .orderBy('written')
    .orderBy('id')
    .execute();
  const found = new Map<string, RecordRow[]>();
  for (const row of rows) {
    const known = found.get(row.site_id);
    if (known) known.push(row);
    else found.set(row.site_id, [row]);
  }
  return found;
}

/** The newest of each kind counts. */
function sortedOut(rows: readonly RecordRow[]) {
  const ofSite: Record<string, Recorded> = {};
  const ofCameras = new Map<string, Record<string, Recorded>>();
  for (const row of rows) {
    if (!isRecordKind(row.kind)) continue;
    const into = row.camera_id === null ? ofSite : (ofCameras.get(row.camera_id) ?? {});
    if (row.camera_id !== null) ofCameras.set(row.camera_id, into);
    into[row.kind] = asRecorded(row);
  }
  return { ofSite: ofSite as Records, ofCameras: ofCameras as ReadonlyMap<string, Records> };
}

const asRecorded = (row: RecordRow): Recorded => ({
  on: row.on_day,
  ...(row.until_day === null ? {} : { until: row.until_day }),
  text: row.said,
  by: row.written_by,
});
