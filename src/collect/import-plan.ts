/**
 * What a file of cameras would do to the register: for each row a new camera, a change, nothing, or what is wrong with
 * it. The same law is asked as for a camera that is made by hand; nothing is written here.
 */
import type { Kysely } from 'kysely';
import { newId, Refusal, type SecretBox } from '../base/index.ts';
import type { imports } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import {
  type CameraFacts,
  type CameraStep,
  type Datum,
  type Day,
  isPoint,
  type Lack,
  localDay,
  misplaced,
  necessityUntil,
  privateAreasSeen,
  type Recorded,
  type Records,
  recognise,
  type SiteFacts,
  sharable,
  toWgs84,
} from '../law/index.ts';
import { readAddress } from './address.ts';
import {
  addressRow,
  type Camera,
  type CameraChange,
  changedAddress,
  listCameras,
  openPassword,
} from './cameras.ts';
import { askStanding, becauseOf, type FactsRow, type GivenFacts, rowOfFacts, withFacts } from './facts.ts';
import { addNear, type Nearby, nearTo } from './import-near.ts';
import type { ImportRow, RowNote, RowProblem, Said } from './import-row.ts';
import { type LawfulSite, lawfulSites } from './lawful.ts';
import type { NewRecord } from './records.ts';
import { foldName } from './sites.ts';
import { type Progress, pause } from './table.ts';

type Column = imports.ImportColumnId;

export interface ImportWish {
  readonly rows: readonly ImportRow[];
  /** Where a row names no site. */
  readonly siteId: string | null;
  readonly datum: Datum | 'recognise';
  readonly begin: 'planned' | 'in-use';
}

export interface PlannedCamera {
  readonly row: number;
  readonly kind: 'add' | 'change';
  readonly id: string;
  readonly siteId: string;
  readonly name: string;
  readonly number: string;
  /** Null: a new one. */
  readonly before: Camera | null;
  /** Columns of its row that are written. */
  readonly set: Readonly<Record<string, unknown>> & FactsRow;
  readonly records: readonly NewRecord[];
  /** A new one that lacks nothing. */
  readonly operates: boolean;
  /** For the ledger: what changed, by its column. */
  readonly changed: readonly string[];
  /** Of a new one: without credentials. */
  readonly url: string;
}

export interface ImportPlan {
  readonly cameras: readonly PlannedCamera[];
  readonly siteIds: readonly string[];
  readonly same: number;
  readonly wrong: number;
  readonly problems: readonly RowProblem[];
  readonly notes: readonly RowNote[];
  readonly lacking: ReadonlyMap<string, number>;
}

export interface PlanAt {
  readonly db: Kysely<Tables>;
  readonly box: SecretBox;
  readonly nowMs: number;
  readonly progress?: Progress;
}

/** Rows between two turns for everybody else. */
const rowsATurn = 100;

export async function planImport(wish: ImportWish, at: PlanAt): Promise<ImportPlan> {
  const planning = await begin(wish, at);
  for (const [i, row] of wish.rows.entries()) {
    take(planning, row);
    if (i % rowsATurn !== 0) continue;
    at.progress?.(i, wish.rows.length);
    await pause();
  }
  return planOf(planning);
}

interface Place {
  readonly site: LawfulSite;
  readonly day: Day;
  readonly byNumber: Map<string, Camera>;
  readonly byName: Map<string, Camera>;
  readonly near: Nearby;
  /** Rows of the file, by what must be there once. */
  readonly numbers: Map<string, number>;
  readonly names: Map<string, number>;
}

/** One row on its way; `say` puts a problem to a column. */
interface Looked {
  readonly row: ImportRow;
  readonly said: Said;
  readonly problems: RowProblem[];
  readonly say: (
    code: imports.ImportProblemCode,
    column: Column | null,
    values?: Readonly<Record<string, string | number>>,
  ) => void;
}

interface Planning {
  readonly wish: ImportWish;
  readonly at: PlanAt;
  readonly places: ReadonlyMap<string, Place>;
  readonly siteByName: ReadonlyMap<string, string>;
  readonly cameras: PlannedCamera[];
  readonly problems: RowProblem[];
  readonly notes: RowNote[];
  readonly lacking: Map<string, number>;
  same: number;
  wrong: number;
}

/** The sites that its rows name and that exist. */
export async function sitesOfWish(wish: ImportWish, db: Kysely<Tables>) {
  const rows = await db.selectFrom('site').select(['id', 'name_folded']).execute();
  const byName = new Map(rows.map(({ id, name_folded }) => [name_folded, id]));
  const ids = wish.rows.flatMap(({ said }) => {
    const id = said.site === undefined ? wish.siteId : byName.get(foldName(said.site));
    return id ?? [];
  });
  return { byName, ids: [...new Set(ids)] };
}

async function begin(wish: ImportWish, at: PlanAt): Promise<Planning> {
  const { byName, ids } = await sitesOfWish(wish, at.db);
  const places = await placesOf(at, ids);
  return {
    ...{ wish, at, places, siteByName: byName, cameras: [], problems: [], notes: [] },
    ...{ lacking: new Map(), same: 0, wrong: 0 },
  };
}

function planOf({ wish, cameras, same, wrong, problems, notes, lacking }: Planning): ImportPlan {
  const siteIds = [...new Set(cameras.map(({ siteId }) => siteId))].sort();
  const open = wish.rows.find(({ said }) => said.password !== undefined);
  const letter = open?.letters.password ?? null;
  const told: RowNote[] = open
    ? [{ row: open.no, column: 'password', letter, code: 'password', values: {} }]
    : [];
  return { cameras, siteIds, same, wrong, problems, notes: [...notes, ...told], lacking };
}

function take(planning: Planning, row: ImportRow): void {
  const problems = [...row.problems];
  const say: Looked['say'] = (code, column, values = {}) => {
    const letter = column === null ? null : (row.letters[column] ?? null);
    // A cell that could not be read is not said to be missing as well.
    if (code === 'required' && problems.some((one) => one.column === column)) return;
    problems.push({ row: row.no, column, letter, code, values });
  };
  const looked: Looked = { row, said: row.said, problems, say };
  const planned = look(planning, looked);
  if (problems.length > 0) {
    planning.wrong++;
    planning.problems.push(...problems);
  } else if (planned === null) planning.same++;
  else planning.cameras.push(planned);
}

function look(planning: Planning, looked: Looked): PlannedCamera | null {
  const place = placeOf(planning, looked);
  if (!place) return null;
  const before = known(looked, place);
  const given = factsOf(looked, place, planning.wish.datum, planning.notes);
  if (before === null) {
    if (looked.said.name === undefined) looked.say('required', 'name');
    if (looked.said.url === undefined) looked.say('required', 'url');
  }
  for (const column of ['saidOn', 'trialFrom'] as const) {
    const value = looked.said[column];
    if (value !== undefined && value > place.day) looked.say('date-later', column, { value });
  }
  // Of a row that cannot be taken the law is asked all the same: a person mends everything at once.
  const records = recordsOf(looked.said, before, place.day);
  const row = rowOfFacts(given);
  const facts = judge(planning, looked, place, before, row, records);
  if (looked.problems.length > 0) return null;
  const planned = before
    ? changed(planning, looked, before, row, facts, records)
    : added(planning, looked, place, row, facts, records);
  if (planned) tell(planning, looked, place, planned, facts);
  return looked.problems.length > 0 ? null : planned;
}

function placeOf(planning: Planning, { said, say }: Looked): Place | null {
  const id = said.site === undefined ? planning.wish.siteId : planning.siteByName.get(foldName(said.site));
  const place = id === null || id === undefined ? undefined : planning.places.get(id);
  if (place) return place;
  say(said.site === undefined ? 'site-missing' : 'site-unknown', 'site');
  return null;
}

/** By its number; a camera that was made by hand and has none yet is known by its name. */
function known({ row, said, say }: Looked, place: Place): Camera | null {
  if (said.number === undefined) {
    say('required', 'number');
    return null;
  }
  const number = foldName(said.number);
  const first = place.numbers.get(number);
  if (first !== undefined) say('duplicate', 'number', { row: first });
  else place.numbers.set(number, row.no);
  const named = said.name === undefined ? undefined : place.byName.get(foldName(said.name));
  const before = place.byNumber.get(number) ?? (named?.number === null ? named : undefined) ?? null;
  const name = foldName(said.name ?? before?.name ?? '');
  const twin = name === '' || first !== undefined ? undefined : place.names.get(name);
  if (twin !== undefined) say('name-twice', 'name', { row: twin });
  else if (name !== '') place.names.set(name, row.no);
  if (named && named.id !== before?.id) say('name-taken', 'name', { number: named.number ?? '—' });
  return before;
}

function judge(
  planning: Planning,
  looked: Looked,
  place: Place,
  before: Camera | null,
  row: FactsRow,
  records: readonly NewRecord[],
): CameraFacts {
  const { said, row: line } = looked;
  const standing = before?.facts.records ?? place.site.recordsOf('');
  const was = before?.facts ?? {
    ...{ id: `row ${line.no}`, name: said.name ?? '', siteId: place.site.facts.id },
    step: planning.wish.begin === 'planned' ? ('planned' as const) : ('tested' as const),
  };
  const sound = said.soundBasis !== undefined || (before?.facts.sound ?? false);
  const facts = { ...withFacts({ ...was, records: withRecords(standing, records) }, row), sound };
  const step = before?.step === 'operating' && before.carriedOver ? 'planned' : facts.step;
  saying(looked, askStanding(facts, place.site.facts, step, place.day), step);
  return facts;
}

function added(
  planning: Planning,
  { row: { no }, said, say }: Looked,
  place: Place,
  row: FactsRow,
  facts: CameraFacts,
  records: readonly NewRecord[],
): PlannedCamera | null {
  const { name, number, url } = said;
  if (name === undefined || number === undefined || url === undefined) return null;
  const id = newId('cam', planning.at.nowMs);
  const address = tried(say, () => addressRow(id, { ...said, url }, planning.at.box));
  if (!address) return null;
  const standing = askStanding(facts, place.site.facts, 'operating', place.day);
  const operates = planning.wish.begin === 'in-use' && standing.kind === 'ok';
  return {
    ...{
      row: no,
      kind: 'add',
      id,
      siteId: place.site.facts.id,
      name,
      number,
      before: null,
      records,
      operates,
    },
    set: { ...address, ...row, sound_basis: said.soundBasis ?? null },
    ...{ changed: [], url: address.url },
  };
}

function changed(
  planning: Planning,
  { row: { no }, said, say }: Looked,
  before: Camera,
  row: FactsRow,
  facts: CameraFacts,
  records: readonly NewRecord[],
): PlannedCamera | null {
  const { box } = planning.at;
  const change = addressChange(said, before, box);
  const address = tried(say, () => changedAddress(before, change, box));
  if (!address) return null;
  const name = said.name ?? before.name;
  const number = said.number ?? '';
  const set = {
    ...(name === before.name ? {} : { name, name_folded: foldName(name) }),
    ...(number === before.number ? {} : { own_number: number, number_folded: foldName(number) }),
    ...address,
    ...(said.soundBasis === undefined || said.soundBasis === before.soundBasis
      ? {}
      : { sound_basis: said.soundBasis }),
    ...(sameFacts(facts, before.facts) ? {} : row),
  };
  const columns = [
    ...Object.keys(set).filter((key) => !/folded|sealed/.test(key)),
    ...records.map((r) => r.kind),
  ];
  if (Object.keys(set).length === 0 && records.length === 0) return null;
  return {
    ...{ row: no, kind: 'change', id: before.id, siteId: before.siteId, name, number, before, set, records },
    ...{ operates: false, changed: columns, url: before.url },
  };
}

/** What it sees and lacks; and whether another camera shows the same already. */
function tell(
  planning: Planning,
  looked: Looked,
  place: Place,
  planned: PlannedCamera,
  facts: CameraFacts,
): void {
  const { no, letters } = looked.row;
  const note = (code: RowNote['code'], column: Column, values: RowNote['values']) =>
    planning.notes.push({ row: no, column, letter: letters[column] ?? null, code, values });
  const standing = askStanding(facts, place.site.facts, 'operating', place.day);
  const lacking = standing.kind === 'lacking' ? standing.lacking : [];
  for (const { need } of lacking) planning.lacking.set(need, (planning.lacking.get(need) ?? 0) + 1);
  const mask = lacking.find(({ need }) => need === 'mask');
  if (mask)
    for (const area of privateAreasSeen(place.site.facts, facts).filter(
      ({ id }) => !facts.masked.includes(id),
    ))
      note('mask', 'azimuthDeg', { area: `${area.kind} ${area.id}`, ...citeOf(mask) });
  const placed = { ...facts, id: planned.id, name: planned.name };
  const [other] = planned.before ? [] : sharable(placed, nearTo(place.near, placed));
  if (other) note('overlap', 'lat', { camera: other.camera.name, percent: Math.floor(other.share * 100) });
  addNear(place.near, placed);
}

function citeOf({ because }: Lack): { instrument: string; article: string } {
  const cite = because[0]?.answer.cite;
  return { instrument: cite?.instrument ?? '', article: cite?.article ?? '' };
}

async function placesOf({ db, nowMs }: PlanAt, ids: readonly string[]): Promise<Map<string, Place>> {
  if (ids.length === 0) return new Map();
  const sites = await lawfulSites(db, ids);
  const all = ids.length > 10 ? await listCameras(db) : [];
  const places = new Map<string, Place>();
  for (const [id, site] of sites) {
    const cameras = ids.length > 10 ? all.filter(({ siteId }) => siteId === id) : await listCameras(db, id);
    const near: Nearby = new Map();
    for (const { facts } of cameras) addNear(near, facts);
    places.set(id, {
      ...{ site, near, day: localDay(nowMs, site.timeZone), numbers: new Map(), names: new Map() },
      byNumber: new Map(cameras.flatMap((one) => (one.number === null ? [] : [[foldName(one.number), one]]))),
      byName: new Map(cameras.map((one) => [foldName(one.name), one])),
    });
  }
  return places;
}

/** The verdict of the law as problems of a row, each at the column where it can be mended. */
function saying({ say }: Looked, verdict: ReturnType<typeof askStanding>, step: CameraStep) {
  if (verdict.kind === 'ok' || verdict.kind === 'order') return;
  if (verdict.kind === 'no-ruling') return say('no-ruling', null);
  if (verdict.kind === 'prohibited') {
    const { instrument = '', article = '' } =
      becauseOf(verdict.because, 'collect.prohibited-interior')[0] ?? {};
    return say('prohibited', 'room', { room: verdict.room, instrument, article });
  }
  for (const { need } of verdict.lacking) say('lacks', columnOfNeed[need] ?? null, { step, needs: need });
}

const columnOfNeed: Readonly<Record<string, Column>> = {
  room: 'room',
  owner: 'owner',
  position: 'lat',
  'neighbour-consent': 'lat',
  mask: 'masked',
  sound: 'soundBasis',
  necessity: 'necessity',
  'stale-necessity': 'saidOn',
  'privacy-risk-review': 'privacyReview',
  'approved-view': 'approvedView',
  'security-duty-basis': 'dutyBasis',
  'trial-run': 'trialFrom',
};

/** The refusals of an address as problems of its row. */
function tried<T>(say: Looked['say'], work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'camera.password-again') say('password-again', 'password', error.values);
    else say('url', 'url');
    return null;
  }
}

function factsOf(looked: Looked, place: Place, datum: ImportWish['datum'], notes: RowNote[]): GivenFacts {
  const { said } = looked;
  const position = positionOf(looked, place.site.facts, said.datum ?? datum, notes);
  const areas = place.site.facts.privateAreas.map(({ id }) => id);
  for (const value of said.masked ?? [])
    if (!areas.includes(value)) looked.say('mask-unknown', 'masked', { value });
  const { room, owner, purpose, azimuthDeg, angleDeg, rangeM, turns, masked, capabilities, endOfSupport } =
    said;
  return {
    ...{ room, owner, purpose, azimuthDeg, angleDeg, rangeM, turns, masked, capabilities, endOfSupport },
    ...(position ? { position } : {}),
  };
}

function positionOf(
  { row, said: { lat, lon }, say }: Looked,
  site: SiteFacts,
  datum: ImportWish['datum'],
  notes: RowNote[],
): { lat: number; lon: number } | null {
  if (lat === undefined && lon === undefined) return null;
  if (lat === undefined || lon === undefined) {
    say('position-half', lat === undefined ? 'lat' : 'lon');
    return null;
  }
  const typed = { lat, lon };
  const read = datum === 'recognise' ? recognise(typed, site.area) : { datum, point: toWgs84(typed, datum) };
  if (!read) {
    say('position-unclear', 'datum');
    return null;
  }
  const wrong = misplaced(read.point, site);
  if (wrong?.kind === 'outside')
    say(wrong.swapped ? 'position-swapped' : 'position-outside', 'lat', { region: wrong.region });
  else if (!isPoint(typed)) say('range', 'lat', { min: -90, max: 90 });
  else if (wrong) say('position-far', 'lat', { km: Math.round(wrong.awayM / 1_000) });
  else if (datum === 'recognise' && read.datum !== 'wgs84')
    notes.push({
      ...{ row: row.no, column: 'lat', letter: row.letters.lat ?? null, code: 'converted' },
      values: { map: read.datum === 'gcj02' ? 'GCJ-02' : 'BD-09' },
    });
  return wrong ? null : read.point;
}

/** Only what says something new: what stands there in the same words is not written again. */
function recordsOf(said: Said, before: Camera | null, today: Day): NewRecord[] {
  const on = said.saidOn ?? today;
  const wished: (NewRecord & { readonly isDated: boolean })[] = [
    ...texts(said).map(([kind, text]) => ({ kind, on, said: text, isDated: said.saidOn !== undefined })),
    ...(said.trialFrom
      ? [{ kind: 'trial-run', on: said.trialFrom, said: said.trialFrom, isDated: true }]
      : []),
  ];
  return wished.flatMap(({ isDated, ...record }) => {
    const standing = before?.facts.records[record.kind as keyof Records];
    const isSame = standing?.text === record.said && (!isDated || standing.on === record.on);
    return isSame ? [] : [record];
  });
}

const texts = (said: Said): [string, string][] =>
  (
    [
      ['necessity', said.necessity],
      ['privacy-risk-review', said.privacyReview],
      ['approved-view', said.approvedView],
      ['security-duty-basis', said.dutyBasis],
      ['sound-basis', said.soundBasis],
    ] as const
  ).flatMap(([kind, text]) => (text === undefined ? [] : [[kind, text] as [string, string]]));

/** As they will stand; of two of a kind the later day counts. */
function withRecords(standing: Records, records: readonly NewRecord[]): Records {
  const made: Record<string, Recorded> = { ...standing };
  for (const { kind, on, said } of records) {
    const known = made[kind];
    if (known && known.on > on) continue;
    made[kind] = { on, text: said, ...(kind === 'necessity' ? { until: necessityUntil(on) } : {}) };
  }
  return made;
}

function addressChange(said: Said, before: Camera, box: SecretBox): Omit<CameraChange, 'revision'> {
  const url = said.url === undefined ? undefined : readAddress(said.url);
  const isMoved = url !== undefined && url.url !== before.url;
  const password = said.password ?? url?.password ?? undefined;
  const user = said.user ?? url?.user ?? undefined;
  const isPassword = password !== undefined && password !== openPassword(box, before, 'main');
  const sub = said.subUrl === undefined ? undefined : readAddress(said.subUrl).url;
  return {
    ...(isMoved ? { url: url.url } : {}),
    ...(user === undefined || user === before.main.user ? {} : { user }),
    // Said again beside an address that moved, it is sent there.
    ...(password !== undefined && (isPassword || isMoved) ? { password } : {}),
    ...(sub === undefined || sub === before.subUrl ? {} : { subUrl: said.subUrl as string }),
  };
}

const plainFacts = ({ records: _records, open: _open, sound: _sound, ...plain }: CameraFacts): string =>
  JSON.stringify(plain, Object.keys(plain).sort().concat('lat', 'lon'));
const sameFacts = (a: CameraFacts, b: CameraFacts): boolean => plainFacts(a) === plainFacts(b);
