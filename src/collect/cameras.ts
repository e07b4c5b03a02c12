/**
 * Cameras: their rows, and what may be done with them. A change is made on the revision that the person saw, so that
 * two who change the same camera do not undo each other unseen.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { newId, refuse, type SecretBox } from '../base/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import {
  type CameraFacts,
  type CameraStep,
  isRecordedIn,
  localDay,
  misplaced,
  type SiteFacts,
} from '../law/index.ts';
import { readAddress } from './address.ts';
import { askStanding, type GivenFacts, refuseVerdict, rowOfFacts, withFacts } from './facts.ts';
import { cameraFacts, type LawfulSite, lawfulSite, lawfulSites } from './lawful.ts';
import { addRecord, type NewRecord } from './records.ts';
import { foldName } from './sites.ts';

export interface Credentials {
  readonly user: string;
  readonly sealed: Uint8Array | null;
}

export interface Camera {
  readonly id: string;
  /** The unit's own; null: none was given. */
  readonly number: string | null;
  readonly name: string;
  readonly siteId: string;
  readonly siteName: string;
  readonly timeZone: string;
  readonly url: string;
  readonly subUrl: string | null;
  readonly main: Credentials;
  /** Null: those of the main stream. */
  readonly sub: Credentials | null;
  readonly transport: 'auto' | 'tcp' | 'udp';
  readonly soundBasis: string | null;
  readonly paused: { readonly by: string; readonly reason: string } | null;
  readonly retired: { readonly by: string } | null;
  /** UTC: when recording was first ordered. */
  readonly orderedMs: number;
  /** Who is recorded longest when disks are full. */
  readonly importance: 'least' | 'ordinary' | 'most';
  readonly revision: number;
  readonly step: CameraStep;
  /** Null: since before the steps were kept. */
  readonly stepped: { readonly atMs: number; readonly by: string; readonly reason: string } | null;
  /** Operated before the register asked for what operating needs. */
  readonly carriedOver: boolean;
  readonly facts: CameraFacts;
  readonly site: SiteFacts;
}

export interface NewCamera {
  readonly name: string;
  readonly number?: string | null | undefined;
  readonly siteId: string;
  readonly url: string;
  readonly subUrl?: string | null | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly transport: 'auto' | 'tcp' | 'udp';
  readonly soundBasis?: string | null | undefined;
  readonly facts?: GivenFacts | undefined;
  /** What stands on record for it from the beginning: why it is needed, its sign. */
  readonly records?: readonly NewRecord[] | undefined;
  /** How far its life goes at once; left out: operating when nothing lacks, else the trial run. */
  readonly begin?: 'planned' | 'tested' | 'operating' | undefined;
}

export interface CameraChange {
  readonly revision: number;
  readonly name?: string | undefined;
  readonly number?: string | null | undefined;
  readonly siteId?: string | undefined;
  readonly url?: string | undefined;
  readonly subUrl?: string | null | undefined;
  readonly user?: string | undefined;
  /** Absent keeps the present one; empty takes it away. */
  readonly password?: string | undefined;
  readonly transport?: 'auto' | 'tcp' | 'udp' | undefined;
  readonly soundBasis?: string | null | undefined;
  readonly importance?: 'least' | 'ordinary' | 'most' | undefined;
  readonly facts?: GivenFacts | undefined;
}

/** Of a camera that nobody ordered to record yet: later than any clock says. */
export const neverMs = 253_402_300_799_999;

type Trx = Transaction<Tables>;

export const secretContext = (cameraId: string, stream: 'main' | 'sub'): string =>
  `camera ${cameraId} ${stream}`;

/** A unit has no more cameras on one machine; past it, machines are federated. */
const maxCameras = 20_000;

/** All that are not retired, or those of one site. */
export async function listCameras(db: Kysely<Tables>, siteId?: string): Promise<Camera[]> {
  const rows = await selectCameras(db)
    .where('camera.retired_at', 'is', null)
    .$if(siteId !== undefined, (query) => query.where('camera.site_id', '=', siteId ?? ''))
    .orderBy('site.name')
    .orderBy('camera.name')
    .limit(maxCameras)
    .execute();
  const sites = await lawfulSites(db, siteId === undefined ? undefined : [siteId]);
  return rows.map((row) => asCamera(row, sites.get(row.site_id)!));
}

/** Retired ones too: their footage stays. */
export async function findCamera(db: Kysely<Tables>, id: string): Promise<Camera> {
  const row = await selectCameras(db).where('camera.id', '=', id).executeTakeFirst();
  const site = row && (await lawfulSite(db, row.site_id));
  return row && site ? asCamera(row, site) : refuse('camera.unknown');
}

export interface Added {
  readonly id: string;
  readonly step: CameraStep;
}

export const addCamera = async (
  trx: Trx,
  grant: Grant<'camera.configure'>,
  given: NewCamera,
  at: { box: SecretBox; nowMs: number },
): Promise<string> => (await makeCamera(trx, grant, given, at)).id;

/** Refuses what may not be; what may only not operate yet begins with its trial run, unless it was to operate. */
export async function makeCamera(
  trx: Trx,
  grant: Grant<'camera.configure'>,
  given: NewCamera,
  at: { box: SecretBox; nowMs: number },
): Promise<Added> {
  const id = newId('cam', at.nowMs);
  const soundBasis = basisOf(given.soundBasis);
  await lockSites(trx, [given.siteId]);
  const first = given.begin === 'planned' ? ('planned' as const) : ('tested' as const);
  const row = {
    id,
    site_id: given.siteId,
    name: given.name,
    name_folded: foldName(given.name),
    ...numberRow(given.number),
    ...addressRow(id, given, at.box),
    transport: given.transport,
    sound_basis: soundBasis ?? null,
    ...{ step: first, step_at: new Date(grant.atMs), step_by: grant.by.name },
    ...rowOfFacts(given.facts ?? {}),
    ordered_ms: first === 'planned' ? neverMs : at.nowMs,
    created: new Date(grant.atMs),
  };
  await askNew(trx, row, at.nowMs);
  await orRefused(given, () => trx.insertInto('camera').values(row).execute());
  const of = { siteId: given.siteId, cameraId: id };
  for (const record of given.records ?? []) await addRecord(trx, grant, of, record);
  const step =
    given.begin === undefined || given.begin === 'operating'
      ? await operateAtOnce(trx, grant, id, given)
      : first;
  return { id, step };
}

/** Before it has a row: whether it may be there at all. */
async function askNew(
  trx: Trx,
  { site_id, step, ...row }: { site_id: string; step: CameraStep } & Record<string, unknown>,
  nowMs: number,
): Promise<void> {
  const site = await lawfulSite(trx, site_id);
  if (!site) return refuse('site.unknown');
  const facts = withFacts({ id: String(row.id), name: String(row.name), siteId: site_id, step }, row);
  checkPlace(facts, site.facts);
  refuseVerdict(askStanding(facts, site.facts, step, localDay(nowMs, site.timeZone)), step, site.facts);
}

/** As far as it may: whoever wished it to operate is told what lacks. */
async function operateAtOnce(
  trx: Trx,
  grant: Grant<'camera.configure'>,
  id: string,
  { begin }: NewCamera,
): Promise<CameraStep> {
  const camera = await findCamera(trx, id);
  const day = localDay(grant.atMs, camera.timeZone);
  const verdict = askStanding(camera.facts, camera.site, 'operating', day);
  if (verdict.kind !== 'ok') {
    if (begin === 'operating') refuseVerdict(verdict, 'operating', camera.site);
    return 'tested';
  }
  await trx
    .updateTable('camera')
    .set({ step: 'operating', operating_since: day })
    .where('id', '=', id)
    .execute();
  return 'operating';
}

/** Changes the camera that the grant is for; refuses `camera.changed` when someone else was faster. */
export async function changeCamera(
  trx: Trx,
  grant: Grant<'camera.configure'>,
  change: CameraChange,
  box: SecretBox,
): Promise<void> {
  if (change.facts !== undefined || change.siteId !== undefined)
    await lockSites(trx, [await siteOf(trx, grant), ...(change.siteId === undefined ? [] : [change.siteId])]);
  const before = await lockCamera(trx, grant);
  if (before.revision !== change.revision) refuse('camera.changed');
  const soundBasis = basisOf(change.soundBasis);
  await askChanged(trx, before, change, grant.atMs);
  await orRefused({ name: change.name ?? before.name, number: change.number }, () =>
    trx
      .updateTable('camera')
      .set({
        ...(change.name === undefined ? {} : { name: change.name, name_folded: foldName(change.name) }),
        ...(change.number === undefined ? {} : numberRow(change.number)),
        ...(change.siteId === undefined ? {} : { site_id: change.siteId }),
        ...changedAddress(before, change, box),
        ...(change.transport === undefined ? {} : { transport: change.transport }),
        ...(soundBasis === undefined ? {} : { sound_basis: soundBasis }),
        ...(change.importance === undefined ? {} : { importance: change.importance }),
        ...rowOfFacts(change.facts ?? {}),
        revision: before.revision + 1,
      })
      .where('id', '=', before.id)
      .execute(),
  );
}

/** What a camera is changed to must be allowed where it then stands; a move is to another site's rules and records. */
async function askChanged(trx: Trx, before: Camera, change: CameraChange, nowMs: number): Promise<void> {
  const siteId = change.siteId ?? before.siteId;
  if (change.facts === undefined && siteId === before.siteId) return;
  const site = await lawfulSite(trx, siteId);
  if (!site) return refuse('site.unknown');
  const records = siteId === before.siteId ? before.facts.records : site.recordsOf(before.id);
  const facts = withFacts({ ...before.facts, siteId, records }, rowOfFacts(change.facts ?? {}));
  if (change.facts?.position) checkPlace(facts, site.facts);
  const day = localDay(nowMs, site.timeZone);
  // Of a camera that was carried over nothing more is asked than that it may be there.
  const step = before.step === 'operating' && before.carriedOver ? 'planned' : before.step;
  refuseVerdict(askStanding(facts, site.facts, step, day), step, site.facts);
}

/** Pausing twice changes nothing: the first who paused stays named. */
export async function pauseCamera(trx: Trx, grant: Grant<'camera.pause'>, reason: string): Promise<void> {
  const before = await lockCamera(trx, grant);
  if (before.paused) return;
  await trx
    .updateTable('camera')
    .set({
      paused_at: new Date(grant.atMs),
      paused_by: grant.by.name,
      paused_reason: reason,
      revision: before.revision + 1,
    })
    .where('id', '=', before.id)
    .execute();
}

export async function resumeCamera(trx: Trx, grant: Grant<'camera.pause'>): Promise<void> {
  const before = await lockCamera(trx, grant);
  if (!before.paused) return;
  await trx
    .updateTable('camera')
    .set({ paused_at: null, paused_by: null, paused_reason: null, revision: before.revision + 1 })
    .where('id', '=', before.id)
    .execute();
}

/** Pulled no more; its name is free again, its footage and its row stay, its passwords go. */
export async function retireCamera(
  trx: Trx,
  grant: Grant<'camera.configure'>,
  reason: string,
): Promise<void> {
  const before = await lockCamera(trx, grant);
  await trx
    .updateTable('camera')
    .set({
      retired_at: new Date(grant.atMs),
      retired_by: grant.by.name,
      retired_reason: reason,
      ...{ step: 'retired', step_at: new Date(grant.atMs), step_by: grant.by.name, step_reason: reason },
      carried_over: false,
      password_sealed: null,
      sub_password_sealed: null,
      revision: before.revision + 1,
    })
    .where('id', '=', before.id)
    .execute();
}

/** Every step but retiring: the one way from planned to operating and back. */
export async function stepCamera(
  trx: Trx,
  grant: Grant<'camera.configure'>,
  given: { readonly to: CameraStep; readonly revision?: number | undefined; readonly reason: string },
): Promise<{ from: CameraStep }> {
  await lockSites(trx, [await siteOf(trx, grant)]);
  const camera = await lockCamera(trx, grant, { retired: true });
  if (given.revision !== undefined && camera.revision !== given.revision) refuse('camera.changed');
  const day = localDay(grant.atMs, camera.timeZone);
  refuseVerdict(
    askStanding(camera.facts, camera.site, given.to, day, 'step'),
    given.to,
    camera.site,
    camera.step,
  );
  const isFirst = isRecordedIn(given.to) && camera.orderedMs === neverMs;
  await orRefused(camera, () =>
    trx
      .updateTable('camera')
      .set({
        ...{
          step: given.to,
          step_at: new Date(grant.atMs),
          step_by: grant.by.name,
          step_reason: given.reason,
        },
        carried_over: false,
        ...(camera.step === 'retired' ? { retired_at: null, retired_by: null, retired_reason: null } : {}),
        ...(isFirst ? { ordered_ms: Math.floor(grant.atMs) } : {}),
        ...(given.to === 'operating' && camera.facts.operatingSince === null ? { operating_since: day } : {}),
        revision: camera.revision + 1,
      })
      .where('id', '=', camera.id)
      .execute(),
  );
  return { from: camera.step };
}

/**
 * Changes of a site and of its cameras follow one another, so that none is judged by what the other takes away. Sites
 * are locked before cameras and in the order of their ids, here and in `site-law.ts`: nobody waits in a circle.
 */
export async function lockSites(trx: Trx, ids: readonly string[]): Promise<void> {
  for (const id of [...new Set(ids)].sort()) {
    const locked = await trx
      .selectFrom('site')
      .select('id')
      .where('id', '=', id)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!locked) refuse('site.unknown');
  }
}

async function siteOf(trx: Trx, grant: Grant): Promise<string> {
  const { id = '' } = grant.subject;
  const row = await trx.selectFrom('camera').select('site_id').where('id', '=', id).executeTakeFirst();
  return row?.site_id ?? refuse('camera.unknown');
}

/** Whether the main stream has to be opened anew, so that recording is interrupted. */
export function isMainMoved(before: Camera, after: Camera): boolean {
  return (
    before.url !== after.url ||
    before.transport !== after.transport ||
    (before.soundBasis === null) !== (after.soundBasis === null) ||
    !sameCredentials(before.main, after.main)
  );
}

export function isSubMoved(before: Camera, after: Camera): boolean {
  const credentials = (camera: Camera) => camera.sub ?? camera.main;
  return (
    before.subUrl !== after.subUrl ||
    before.transport !== after.transport ||
    (before.soundBasis === null) !== (after.soundBasis === null) ||
    !sameCredentials(credentials(before), credentials(after))
  );
}

function sameCredentials(a: Credentials, b: Credentials): boolean {
  if (a.user !== b.user || a.sealed?.length !== b.sealed?.length) return false;
  return a.sealed === null || b.sealed === null || timingSafeEqual(a.sealed, b.sealed);
}

/** The row of the grant's camera, locked until the transaction ends, so that of two changes one sees the other. */
async function lockCamera(trx: Trx, grant: Grant, also: { retired?: boolean } = {}): Promise<Camera> {
  const { id = '' } = grant.subject;
  const locked = await trx
    .selectFrom('camera')
    .select('id')
    .where('id', '=', id)
    .$if(!also.retired, (query) => query.where('retired_at', 'is', null))
    .forUpdate()
    .executeTakeFirst();
  if (!locked) refuse('camera.unknown');
  return findCamera(trx, id);
}

/** Credentials typed beside the address win over those inside of it. */
export function addressRow(
  id: string,
  given: Pick<NewCamera, 'url' | 'subUrl' | 'user' | 'password'>,
  box: SecretBox,
) {
  const main = readAddress(given.url);
  const user = given.user ?? main.user ?? '';
  const password = given.password ?? main.password ?? '';
  return {
    url: main.url,
    user_name: user,
    password_sealed: seal(box, id, 'main', password),
    ...subRow(id, given.subUrl ?? null, { user, password }, box),
  };
}

function subRow(
  id: string,
  typed: string | null,
  main: { user: string; password: string | null },
  box: SecretBox,
) {
  const sub = typed === null ? null : readAddress(typed);
  const isSame =
    sub === null || sub.user === null || (sub.user === main.user && sub.password === main.password);
  return {
    sub_url: sub?.url ?? null,
    sub_user_name: isSame ? null : sub.user,
    sub_password_sealed: isSame ? null : seal(box, id, 'sub', sub.password ?? ''),
  };
}

export function changedAddress(before: Camera, change: Omit<CameraChange, 'revision'>, box: SecretBox) {
  const main = change.url === undefined ? null : readAddress(change.url);
  const user = change.user ?? main?.user ?? undefined;
  const password = change.password ?? main?.password ?? undefined;
  if (password === undefined) refuseToLend(before, main?.url, change.subUrl);
  // A password that is typed again is no change: the camera need not be left for it.
  const isSame = password === undefined || password === openPassword(box, before, 'main');
  const present = { user: user ?? before.main.user, password: password ?? null };
  return {
    ...(main === null ? {} : { url: main.url }),
    ...(user === undefined ? {} : { user_name: user }),
    ...(isSame ? {} : { password_sealed: seal(box, before.id, 'main', password) }),
    ...(change.subUrl === undefined ? {} : subRowOf(before, change.subUrl, present, box)),
  };
}

/**
 * A stored password goes to the camera it was typed for and to no other host: who may change an address must not
 * learn a password by pointing the camera at a machine of his own.
 */
function refuseToLend(before: Camera, url: string | undefined, subUrl: string | null | undefined): void {
  const known = [before.url, before.subUrl].filter((address) => address !== null).map(hostOf);
  if (url !== undefined && before.main.sealed !== null && hostOf(before.url) !== hostOf(url))
    refuse('camera.password-again', { host: hostOf(url) });
  const sub = typeof subUrl === 'string' ? readAddress(subUrl) : null;
  const wouldLend = sub !== null && sub.password === null && (before.main.sealed ?? before.sub?.sealed);
  if (wouldLend && !known.includes(hostOf(sub.url)))
    refuse('camera.password-again', { host: hostOf(sub.url) });
}

const hostOf = (url: string): string => new URL(url).hostname;

/** A sub-stream's address that comes back as it was shown, without credentials, keeps those it has. */
function subRowOf(
  before: Camera,
  typed: string | null,
  main: { user: string; password: string | null },
  box: SecretBox,
) {
  const row = subRow(before.id, typed, main, box);
  const isUntouched = row.sub_url !== null && row.sub_url === before.subUrl && row.sub_user_name === null;
  return isUntouched ? {} : row;
}

const seal = (box: SecretBox, id: string, stream: 'main' | 'sub', password: string): Uint8Array | null =>
  password === '' ? null : box.seal(password, secretContext(id, stream));

/** For the engine alone. */
export function openPassword(box: SecretBox, camera: Camera, stream: 'main' | 'sub'): string {
  const sealed = stream === 'sub' && camera.sub ? camera.sub.sealed : camera.main.sealed;
  const context = secretContext(camera.id, stream === 'sub' && camera.sub ? 'sub' : 'main');
  return sealed === null ? '' : box.open(sealed, context);
}

/** A basis that is only blanks is none, and was meant to be one. */
function basisOf(typed: string | null | undefined): string | null | undefined {
  if (typed === undefined || typed === null) return typed;
  return typed === '' ? refuse('camera.sound-basis') : typed;
}

/** A number is one by what a person sees of it. */
export const numberRow = (number: string | null | undefined) => ({
  own_number: number ?? null,
  number_folded: number === null || number === undefined ? null : foldName(number),
});

/** Where nobody could mean it, such as in the sea, nothing could be judged by it. */
function checkPlace({ at }: CameraFacts, site: SiteFacts): void {
  const found = at === null ? null : misplaced(at, site);
  if (found)
    refuse('camera.misplaced', {
      region: found.kind === 'outside' ? found.region : (site.profiles[0] ?? ''),
    });
}

export async function orRefused<T>(
  { name, number }: { readonly name: string; readonly number?: string | null | undefined },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const broken = brokenConstraint(error);
    if (broken === 'camera_name_at_site') refuse('camera.name-taken', { name });
    if (broken === 'camera_number_at_site') refuse('camera.number-taken', { number: number ?? '' });
    if (broken === 'camera_site_id_fkey') refuse('site.unknown');
    // The second wall: what the rules above let through is a mistake of ours, and a no all the same.
    if (broken === 'camera_in_prohibited_interior') refuse('camera.prohibited-here');
    if (broken === 'camera_operates_by_law') refuse('camera.may-not-operate');
    throw error;
  }
}

const selectCameras = (db: Kysely<Tables>) =>
  db
    .selectFrom('camera')
    .innerJoin('site', 'site.id', 'camera.site_id')
    .selectAll('camera')
    .select(['site.name as site_name', 'site.time_zone']);

type CameraRow = Awaited<ReturnType<ReturnType<typeof selectCameras>['executeTakeFirstOrThrow']>>;

function asCamera(row: CameraRow, site: LawfulSite): Camera {
  return {
    id: row.id,
    number: row.own_number,
    name: row.name,
    siteId: row.site_id,
    siteName: row.site_name,
    timeZone: row.time_zone,
    url: row.url,
    subUrl: row.sub_url,
    main: { user: row.user_name, sealed: row.password_sealed },
    sub: row.sub_user_name === null ? null : { user: row.sub_user_name, sealed: row.sub_password_sealed },
    transport: row.transport,
    soundBasis: row.sound_basis,
    paused: row.paused_by === null ? null : { by: row.paused_by, reason: row.paused_reason ?? '' },
    retired: row.retired_by === null ? null : { by: row.retired_by },
    orderedMs: row.ordered_ms,
    importance: row.importance,
    revision: row.revision,
    step: row.step,
    stepped:
      row.step_at === null
        ? null
        : { atMs: row.step_at.getTime(), by: row.step_by ?? '', reason: row.step_reason ?? '' },
    carriedOver: row.carried_over,
    facts: cameraFacts(row, site.recordsOf(row.id)),
    site: site.facts,
  };
}
