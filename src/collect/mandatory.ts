/** The list of places that must have a system, and the gap at each of them. */
import type { Kysely, Selectable, Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import {
  type CameraFacts,
  type Day,
  gapOf,
  type KeyPosition,
  localDay,
  mandatoryBecause,
  misplaced,
  type PlaceGap,
  placeTypeOf,
  profileOf,
  type Reason,
  type View,
  viewOf,
} from '../law/index.ts';
import { type Camera, listCameras } from './cameras.ts';
import { isDay } from './records.ts';
import { findSite, foldName, listSites, type Site } from './sites.ts';

type Point = KeyPosition['at'];

export interface NewPlace {
  readonly name: string;
  readonly placeType: string;
  readonly profile: string;
  readonly siteId: string | null;
  readonly address: string;
  readonly responsible: string;
  readonly designation: string;
  readonly designatedOn: string | null;
  readonly position: Point | null;
  readonly keyPositions: readonly KeyPosition[];
}

export interface MandatoryPlace extends NewPlace {
  readonly id: string;
  readonly from: 'listed' | 'site';
  readonly siteName: string | null;
  readonly written: { readonly atMs: number; readonly by: string } | null;
  readonly because: readonly Reason[];
  readonly gap: PlaceGap;
  readonly views: readonly (View & { readonly name: string })[];
}

type Trx = Transaction<Tables>;
type Row = Selectable<Tables['mandatory_place']>;

const maxPlaces = 10_000;

/** The widest gaps first. */
export async function listPlaces(db: Kysely<Tables>, nowMs: number): Promise<MandatoryPlace[]> {
  const rows = await db
    .selectFrom('mandatory_place')
    .selectAll()
    .where('ended', 'is', null)
    .orderBy('name')
    .limit(maxPlaces)
    .execute();
  const sites = new Map((await listSites(db)).map((site) => [site.id, site]));
  const cameras = Map.groupBy(await listCameras(db), ({ siteId }) => siteId);
  const at = { sites, cameras, nowMs };
  const listed = rows.map((row) => asPlace(row, at));
  const known = new Set(rows.map(({ site_id }) => site_id));
  const others = [...sites.values()].flatMap((site) => (known.has(site.id) ? [] : (ofSite(site, at) ?? [])));
  return [...listed, ...others];
}

interface At {
  readonly sites: ReadonlyMap<string, Site>;
  readonly cameras: ReadonlyMap<string, readonly Camera[]>;
  readonly nowMs: number;
}

function asPlace(row: Row, at: At): MandatoryPlace {
  const site = row.site_id === null ? undefined : at.sites.get(row.site_id);
  const day = localDay(at.nowMs, site?.timeZone ?? 'Asia/Shanghai');
  const profiles = site?.law.profiles ?? [row.profile];
  return {
    ...{ id: row.id, from: 'listed', name: row.name, placeType: row.place_type, profile: row.profile },
    ...{
      siteId: row.site_id,
      siteName: site?.name ?? null,
      address: row.address,
      responsible: row.responsible,
    },
    ...{ designation: row.designation, designatedOn: row.designated_on, keyPositions: row.key_positions },
    position: row.lat === null || row.lon === null ? null : { lat: row.lat, lon: row.lon },
    written: { atMs: row.written.getTime(), by: row.written_by },
    because: becauseOf(profiles, row.place_type, day),
    ...seenAt(row.key_positions, site ? (at.cameras.get(site.id) ?? []) : null),
  };
}

/** A site is in the list by its kind alone, where the law names that kind. */
function ofSite(site: Site, at: At): MandatoryPlace | null {
  const { placeType, profiles, area } = site.law;
  if (placeType === null) return null;
  const because = becauseOf(profiles, placeType, localDay(at.nowMs, site.timeZone));
  if (because.length === 0) return null;
  return {
    ...{ id: site.id, from: 'site', name: site.name, placeType, profile: profiles[0] ?? 'cn-national' },
    ...{ siteId: site.id, siteName: site.name, address: site.address, responsible: '', designation: '' },
    ...{ designatedOn: null, keyPositions: [], position: area[0] ?? null, written: null, because },
    ...seenAt([], at.cameras.get(site.id) ?? []),
  };
}

function seenAt(keyPositions: readonly KeyPosition[], cameras: readonly Camera[] | null) {
  const facts = cameras?.map((camera): CameraFacts => camera.facts) ?? null;
  const recorded = (facts ?? []).filter(({ step }) => step === 'tested' || step === 'operating');
  const views = recorded.flatMap((camera) => {
    const view = viewOf(camera);
    return view ? [{ ...view, name: camera.name }] : [];
  });
  return { gap: gapOf(keyPositions, facts), views: views.slice(0, 200) };
}

/** A profile that nobody knows has no list. */
function becauseOf(profiles: readonly string[], placeType: string, day: Day): readonly Reason[] {
  return profiles.every((id) => profileOf(id)) ? mandatoryBecause({ profiles, placeType }, day) : [];
}

export async function addPlace(trx: Trx, grant: Grant<'site.configure'>, given: NewPlace): Promise<string> {
  const id = newId('plc', grant.atMs);
  const row = await rowOf(trx, given);
  await orNameTaken(given.name, () =>
    trx
      .insertInto('mandatory_place')
      .values({ id, ...row, written: new Date(grant.atMs), written_by: grant.by.name })
      .execute(),
  );
  return id;
}

export async function changePlace(trx: Trx, grant: Grant<'site.configure'>, given: NewPlace): Promise<void> {
  const row = await rowOf(trx, given);
  const done = await orNameTaken(given.name, () =>
    trx
      .updateTable('mandatory_place')
      .set({ ...row, written: new Date(grant.atMs), written_by: grant.by.name })
      .where('id', '=', grant.subject.id ?? '')
      .where('ended', 'is', null)
      .returning('id')
      .executeTakeFirst(),
  );
  if (!done) refuse('place.unknown');
}

export async function endPlace(trx: Trx, grant: Grant<'site.configure'>, reason: string): Promise<void> {
  const done = await trx
    .updateTable('mandatory_place')
    .set({ ended: new Date(grant.atMs), ended_by: grant.by.name, ended_reason: reason })
    .where('id', '=', grant.subject.id ?? '')
    .where('ended', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (!done) refuse('place.unknown');
}

export async function findPlace(db: Kysely<Tables>, id: string): Promise<{ id: string; name: string }> {
  const row = await db
    .selectFrom('mandatory_place')
    .select(['id', 'name'])
    .where('id', '=', id)
    .executeTakeFirst();
  return row ?? refuse('place.unknown');
}

async function rowOf(trx: Trx, given: NewPlace) {
  if (!placeTypeOf(given.placeType) || !profileOf(given.profile)) refuse('place.kind');
  if (given.designatedOn && !isDay(given.designatedOn)) refuse('record.day', { day: given.designatedOn });
  const profiles = given.siteId ? (await findSite(trx, given.siteId)).law.profiles : [given.profile];
  for (const point of [given.position, ...given.keyPositions.map(({ at }) => at)]) {
    const found = point && misplaced(point, { profiles, area: [] });
    if (point && found?.kind === 'outside') refuse('site.misplaced', { region: found.region, ...point });
  }
  return {
    ...{ name: given.name, name_folded: foldName(given.name), place_type: given.placeType },
    ...{ profile: given.profile, site_id: given.siteId, address: given.address },
    ...{ responsible: given.responsible, designation: given.designation, designated_on: given.designatedOn },
    ...{ lat: given.position?.lat ?? null, lon: given.position?.lon ?? null },
    key_positions: JSON.stringify(given.keyPositions),
  };
}

async function orNameTaken<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (brokenConstraint(error) === 'mandatory_place_name') refuse('place.name-taken', { name });
    throw error;
  }
}
