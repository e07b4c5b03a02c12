/**
 * The ladder that is climbed when a volume fills anyway, pure: what is past its ceiling goes, then what is past its
 * floor and may give way, then streams move to another volume, then only sub-streams are recorded, then the least
 * important cameras record nothing new. What the law keeps or a person holds is never a rung. Steps are undone in
 * reverse, and later than they were taken, so that a volume that hovers at its mark does not flap.
 */
export type Importance = 'least' | 'ordinary' | 'most';
/** What is left of a camera: everything, its sub-stream only, or nothing new. */
export type Mode = 'full' | 'sub' | 'none';

/** By number, as it stands in the row. */
export const rungs = ['room', 'past-ceiling', 'past-floor', 'spill', 'sub-stream', 'stop'] as const;
export type Rung = 0 | 1 | 2 | 3 | 4 | 5;

export interface VolumeView {
  readonly id: string;
  /** Bytes that recording may still use: the reserve and the limit are taken off. May be negative. */
  readonly roomBytes: number;
  /** What it could hold of segments in all. */
  readonly capacityBytes: number;
  /** What the cameras placed on it record. */
  readonly bytesPerS: number;
  readonly rung: Rung;
}

/** What was found when room was asked for at the present rung. */
export interface Found {
  /** Nothing past its ceiling is left to delete. */
  readonly ceilingDry: boolean;
  /** Nothing past its floor is left that may give way. */
  readonly floorDry: boolean;
  /** Another volume takes its streams. */
  readonly canSpill: boolean;
}

/** Half an hour of what comes in, but between a hundredth and a tenth of the volume. */
const lowS = 1_800;
const leastShare = 0.01;
const mostShare = 0.1;
/** A step is undone once this much more of the low mark is free than where it was taken. */
const easeShare = 0.5;
/** The whole ladder is left above so many times the low mark. */
const clearShare = 2;

export function lowBytes({
  capacityBytes,
  bytesPerS,
}: Pick<VolumeView, 'capacityBytes' | 'bytesPerS'>): number {
  const least = capacityBytes * leastShare;
  const most = capacityBytes * mostShare;
  return Math.max(1, Math.min(Math.max(bytesPerS * lowS, least), most));
}

/** Room in low marks: 1 is where the ladder begins, 0 is where the reserve begins. */
export const shareOf = (volume: VolumeView): number => volume.roomBytes / lowBytes(volume);

/** One rung a time, up or down. 4 and 5 differ only in what the cameras' modes are (`rungOfModes`). */
export function nextRung(volume: VolumeView, found: Found): Rung {
  const share = shareOf(volume);
  const { rung } = volume;
  if (share >= clearShare) return Math.max(0, Math.min(rung, 4) - 1) as Rung;
  if (share >= 1) return rung;
  switch (rung) {
    case 0:
      return 1;
    case 1:
      return found.ceilingDry ? 2 : 1;
    case 2:
      return found.floorDry ? 3 : 2;
    case 3:
      return found.canSpill ? 3 : 4;
    default:
      return rung;
  }
}

/** In low marks: at and below, the camera is left its sub-stream, or nothing. */
const subAt: Readonly<Record<Importance, number>> = { least: 1, ordinary: 0.8, most: 0.4 };
const stopAt: Readonly<Record<Importance, number>> = { least: 0.6, ordinary: 0.2, most: 0 };

export interface Recorded {
  readonly importance: Importance;
  readonly hasSub: boolean;
  readonly mode: Mode;
}

/** What is left of one camera on a volume. Whoever can go to another volume goes whole, however fast this one filled. */
export function nextMode(
  camera: Recorded,
  volume: Pick<VolumeView, 'rung'> & Pick<Found, 'canSpill'>,
  share: number,
): Mode {
  if (volume.rung < 4 && (share > 0 || volume.canSpill)) return 'full';
  const { importance, hasSub, mode } = camera;
  const stops = mode === 'none' ? stopAt[importance] + easeShare : stopAt[importance];
  if (share <= stops) return 'none';
  const subs = mode === 'full' ? subAt[importance] : subAt[importance] + easeShare;
  return hasSub && share <= subs ? 'sub' : 'full';
}

export const rungOfModes = (rung: Rung, modes: Iterable<Mode>): Rung => {
  if (rung < 4) return rung;
  for (const mode of modes) if (mode === 'none') return 5;
  return 4;
};

// ---- which volume takes a stream

export interface Candidate extends VolumeView {
  /** In use by a person's order, and there. */
  readonly takes: boolean;
  /** It did not keep up a moment ago. */
  readonly isSlow: boolean;
}

export interface Placed {
  readonly cameraId: string;
  readonly importance: Importance;
  readonly volumeId: string | null;
  /** What it records, measured or supposed. */
  readonly bytesPerS: number;
}

export const hasRoom = (volume: Candidate): boolean =>
  volume.takes && volume.rung < 3 && volume.roomBytes > 0;

/**
 * Where each camera goes. One stays where it is until its volume is full, slow or gone; whoever has to move goes to
 * the volume that would be full last, the most important first. Null: no volume takes anything.
 */
export function place(cameras: readonly Placed[], volumes: readonly Candidate[]): Map<string, string | null> {
  const byId = new Map(volumes.map((volume) => [volume.id, volume]));
  const load = new Map(volumes.map(({ id }) => [id, 0]));
  const placed = new Map<string, string | null>();
  const put = ({ cameraId, bytesPerS }: Placed, id: string | null) => {
    placed.set(cameraId, id);
    if (id !== null) load.set(id, (load.get(id) ?? 0) + bytesPerS);
  };
  const movers: Placed[] = [];
  for (const camera of cameras) {
    const present = camera.volumeId === null ? undefined : byId.get(camera.volumeId);
    if (present && hasRoom(present) && !present.isSlow) put(camera, present.id);
    else movers.push(camera);
  }
  for (const camera of movers.toSorted(inOrder)) put(camera, choose(camera, volumes, load));
  return placed;
}

function choose(
  camera: Placed,
  volumes: readonly Candidate[],
  load: ReadonlyMap<string, number>,
): string | null {
  const lastsS = (volume: Candidate) =>
    volume.roomBytes / ((load.get(volume.id) ?? 0) + Math.max(1, camera.bytesPerS));
  const best = (some: readonly Candidate[]) =>
    some.toSorted((a, b) => lastsS(b) - lastsS(a) || (a.id < b.id ? -1 : 1))[0]?.id;
  const good = best(volumes.filter((volume) => hasRoom(volume) && !volume.isSlow));
  if (good !== undefined) return good;
  // None is better: it stays, and the ladder says what is left of it.
  const present = volumes.find(({ id, takes }) => id === camera.volumeId && takes);
  return present?.id ?? best(volumes.filter(({ takes }) => takes)) ?? null;
}

const weight: Readonly<Record<Importance, number>> = { least: 0, ordinary: 1, most: 2 };
/** The most important first; ids settle the rest, so that the same state always gives the same answer. */
export const inOrder = (
  a: { importance: Importance; cameraId: string },
  b: { importance: Importance; cameraId: string },
): number => weight[b.importance] - weight[a.importance] || (a.cameraId < b.cameraId ? -1 : 1);
