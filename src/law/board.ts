/**
 * The duty board of a site: every duty of the book with its state, and of each camera's own duties how many cameras
 * stand how. One camera's change judges that camera alone; the rows are added up anew from what is known of the others.
 */
import type { Day } from './calendar.ts';
import { duties } from './duties.ts';
import type { BookDuty } from './duty.ts';
import type { CameraFacts, SiteFacts } from './facts.ts';
import { judgedCamera, judgedSite, judgeIn, outOfScope } from './judge.ts';
import { isWorse, type Judged, type Judgement, result, type State } from './judgement.ts';

export interface BoardRow {
  readonly duty: BookDuty;
  /** Of a camera's duty: that of the camera to look at first. */
  readonly judgement: Judgement;
  /** How many cameras stand how; null: a duty of the site. */
  readonly cameras: Readonly<Record<State, number>> | null;
  /** Those to look at first, the worst at the head; bounded. */
  readonly look: readonly string[];
}

export interface Board {
  readonly site: SiteFacts;
  readonly day: Day;
  readonly rows: readonly BoardRow[];
  readonly cameras: ReadonlyMap<string, CameraFacts>;
  /** Of each camera, its judgement of every camera duty that binds the site, in the order of `ofCameras`. */
  readonly judged: ReadonlyMap<string, readonly Judgement[]>;
}

/** More names than this nobody reads in a row; the filter by duty has them all. */
const lookAtMost = 20;

export function boardOf(site: SiteFacts, cameras: readonly CameraFacts[], day: Day): Board {
  const at = judgedSite(site, cameras, day);
  const asked = askedOf(at);
  const judged = new Map(cameras.map((camera) => [camera.id, judgeCamera(at, camera, asked)]));
  return { ...{ site, day, judged }, rows: rowsOf(at, asked, judged), cameras: mapOf(cameras) };
}

const mapOf = (cameras: readonly CameraFacts[]): ReadonlyMap<string, CameraFacts> =>
  new Map(cameras.map((camera) => [camera.id, camera]));

/** A camera was added or changed; the site's own facts and the day are the same. */
export function withCamera(board: Board, camera: CameraFacts): Board {
  return changed(board, new Map(board.cameras).set(camera.id, camera), camera);
}

export function withoutCamera(board: Board, id: string): Board {
  const cameras = new Map(board.cameras);
  cameras.delete(id);
  return changed(board, cameras, null, id);
}

function changed(
  { site, day, judged }: Board,
  cameras: ReadonlyMap<string, CameraFacts>,
  camera: CameraFacts | null,
  gone?: string,
): Board {
  const at = judgedSite(site, [...cameras.values()], day);
  const asked = askedOf(at);
  const next = new Map(judged);
  if (camera) next.set(camera.id, judgeCamera(at, camera, asked));
  if (gone !== undefined) next.delete(gone);
  return { ...{ site, day, cameras, judged: next }, rows: rowsOf(at, asked, next) };
}

/** Which duties bind the site, asked once for all of its cameras. */
interface Asked {
  readonly out: ReadonlyMap<string, Judgement>;
  readonly ofCameras: readonly BookDuty[];
}

function askedOf(at: Judged): Asked {
  const out = new Map<string, Judgement>();
  const ofCameras: BookDuty[] = [];
  for (const duty of duties) {
    const why = outOfScope(duty, at);
    if (why) out.set(duty.id, why);
    else if (duty.of === 'camera') ofCameras.push(duty);
  }
  return { out, ofCameras };
}

function judgeCamera(at: Judged, camera: CameraFacts, { ofCameras }: Asked): readonly Judgement[] {
  const one = judgedCamera(at, camera);
  return ofCameras.map((duty) => judgeIn(duty, at, one));
}

function rowsOf(
  at: Judged,
  { out, ofCameras }: Asked,
  judged: ReadonlyMap<string, readonly Judgement[]>,
): readonly BoardRow[] {
  const place = new Map(ofCameras.map((duty, i) => [duty.id, i]));
  return duties.map((duty) => {
    const why = out.get(duty.id);
    if (why) return { duty, judgement: why, cameras: null, look: [] };
    const i = place.get(duty.id);
    if (i === undefined) return { duty, judgement: judgeIn(duty, at, null), cameras: null, look: [] };
    return addUp(duty, i, judged);
  });
}

function addUp(duty: BookDuty, i: number, judged: ReadonlyMap<string, readonly Judgement[]>): BoardRow {
  const cameras: Record<State, number> = { met: 0, due: 0, overdue: 0, unknown: 0, 'not-applicable': 0 };
  const look: { id: string; judgement: Judgement }[] = [];
  let first = result('not-applicable', 'no-camera');
  for (const [id, all] of judged) {
    const judgement = all[i];
    if (!judgement) continue;
    cameras[judgement.state]++;
    if (isWorse(judgement, first)) first = judgement;
    if (judgement.state === 'overdue' || judgement.state === 'due') keep(look, { id, judgement });
  }
  return { duty, judgement: first, cameras, look: look.map(({ id }) => id) };
}

/** The worst so far stay, in order; of two alike the one that came first. */
function keep(look: { id: string; judgement: Judgement }[], one: { id: string; judgement: Judgement }): void {
  const last = look.at(-1);
  if (look.length === lookAtMost && last && !isWorse(one.judgement, last.judgement)) return;
  const at = look.findIndex(({ judgement }) => isWorse(one.judgement, judgement));
  look.splice(at < 0 ? look.length : at, 0, one);
  if (look.length > lookAtMost) look.pop();
}

/** How many rows stand how: the head of the board. */
export function countRows(rows: readonly BoardRow[]): Readonly<Record<State, number>> {
  const counts: Record<State, number> = { met: 0, due: 0, overdue: 0, unknown: 0, 'not-applicable': 0 };
  for (const { judgement } of rows) counts[judgement.state]++;
  return counts;
}
