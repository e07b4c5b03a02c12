/**
 * Whether a camera may be where it is planned, and what is missing for its next step. A forbidden room is an objection
 * at every step and nothing takes it away; everything else is settled by putting it on record. Pure: the form asks it
 * before saving, the server before writing, the import for every row, and an edit of the site for all of its cameras.
 */
import { type Day, deadline } from './calendar.ts';
import type { Clause, Facts, Profile } from './clause.ts';
import {
  beforeApproved,
  beforeOperating,
  beforeRetired,
  forEnforcement,
  maskOver,
  mayOwn,
  nearProtectedNeighbour,
  prohibitedInterior,
  sound,
  soundBasis,
  trialRun,
} from './clauses/collect.ts';
import type {
  CameraFacts,
  CameraStep,
  PrivateArea,
  ProtectedNeighbour,
  Recorded,
  SiteFacts,
} from './facts.ts';
import { distanceM, distanceToAreaM, sees, sharedShare, type View } from './geometry.ts';
import { profilesOf } from './profiles/index.ts';
import { isRecordKind, type RecordKind, recordKinds } from './records.ts';
import { type Reason, rule } from './rule.ts';

export interface Objection {
  /** `missing` names a record or fact, `mask` a drawn area, `neighbour` a protected neighbour, `owner` who may. */
  readonly code:
    | 'prohibited-interior'
    | 'owner'
    | 'neighbour'
    | 'position-unknown'
    | 'mask'
    | 'sound-forbidden'
    | 'missing'
    | 'stale';
  readonly what: string;
  readonly because: readonly Reason[];
  /** Metres to the neighbour. */
  readonly awayM?: number;
}

export function lawFacts(site: SiteFacts, camera?: CameraFacts): Facts {
  return {
    ...(site.placeClass === null ? {} : { placeClass: site.placeClass }),
    ...(site.placeType === null ? {} : { placeType: site.placeType }),
    keyTarget: site.keyTarget,
    privateZone: camera?.zone === 'private',
    recorded: Object.keys({ ...site.records, ...camera?.records }),
  };
}

/** The site's profiles with their parents; a key target's own even where nobody named it. */
export const chainOf = ({ profiles, keyTarget }: Pick<SiteFacts, 'profiles' | 'keyTarget'>) =>
  profilesOf(keyTarget ? [...new Set([...profiles, 'key-target'])] : profiles);

/** What holds on this day for this camera, asked once. */
export interface Asked {
  readonly site: SiteFacts;
  readonly camera: CameraFacts;
  readonly day: Day;
  readonly chain: readonly Profile[];
  readonly facts: Facts;
}

/** Everything that stands between a camera and a step of its life; empty: it may take it. */
export function objectionsTo(
  step: CameraStep,
  site: SiteFacts,
  camera: CameraFacts,
  day: Day,
): readonly Objection[] {
  return objectionsOf(step, { site, camera, day, chain: chainOf(site), facts: lawFacts(site, camera) });
}

/** The same for who asks about many cameras of one site. */
export function objectionsOf(step: CameraStep, asked: Asked): readonly Objection[] {
  const { camera } = asked;
  if (step === 'retired') return missing(beforeRetired, asked);
  const always = [...interior(asked), ...owner(asked)];
  if (step === 'planned' || step === 'suspended') return always;
  const approved = [...always, ...missing(beforeApproved, asked), ...neighbours(asked)];
  if (step === 'approved' || step === 'installed') return approved;
  if (step === 'tested') return [...approved, ...missing(beforeOperating, asked, ['trial-run'])];
  return once([
    ...approved,
    ...missing(beforeOperating, asked),
    ...masks(asked),
    ...soundObjections(asked),
    ...(camera.purpose === 'enforcement' ? missing(forEnforcement, asked) : []),
  ]);
}

/** Of one missing thing, one objection with all who ask for it. */
function once(objections: readonly Objection[]): readonly Objection[] {
  const found = new Map<string, Objection>();
  for (const each of objections) {
    const key = `${each.code} ${each.what}`;
    const before = found.get(key);
    found.set(key, before ? { ...before, because: [...before.because, ...each.because] } : each);
  }
  return [...found.values()];
}

const naming = (because: readonly Reason[], what: string): readonly Reason[] =>
  because.filter(({ answer }) => (answer.value as readonly string[]).includes(what));

/** A camera's room against the law of the day: asked alone by the import and by an edit of the site. */
export function interiorObjection(
  site: Pick<SiteFacts, 'profiles' | 'keyTarget'>,
  room: string | null,
  day: Day,
): Objection | null {
  if (room === null) return null;
  const because = naming(rule(prohibitedInterior, chainOf(site), day).because, room);
  return because.length > 0 ? { code: 'prohibited-interior', what: room, because } : null;
}

function interior({ site, camera, day }: Asked): readonly Objection[] {
  const objection = interiorObjection(site, camera.room, day);
  return objection ? [objection] : [];
}

function owner({ site, camera, day, chain, facts }: Asked): readonly Objection[] {
  const { value, because } = rule(mayOwn, chain, day, facts);
  const kind = camera.owner ?? site.owner;
  if (value === null || kind === null || value.includes(kind)) return [];
  return [{ code: 'owner', what: value.join(' '), because }];
}

/** What a need names and neither the facts nor the records have; `only` looks at these alone. */
function missing(
  clause: Clause & { combine: 'union' },
  asked: Asked,
  only?: readonly string[],
): readonly Objection[] {
  const { value, because } = rule(clause, asked.chain, asked.day, asked.facts);
  return (value ?? []).flatMap((what): Objection[] => {
    if (only && !only.includes(what)) return [];
    const state = stateOf(what, asked);
    return state === 'there' ? [] : [{ code: state, what, because: naming(because, what) }];
  });
}

function stateOf(what: string, asked: Asked): 'there' | 'missing' | 'stale' {
  if (what === 'place-class') return asked.site.placeClass === null ? 'missing' : 'there';
  if (what === 'room') return asked.camera.room === null ? 'missing' : 'there';
  const recorded = isRecordKind(what) ? recordOf(what, asked.site, asked.camera) : undefined;
  if (!recorded || recorded.on > asked.day) return 'missing';
  if (what === 'trial-run') return isTrialOver(recorded, asked) ? 'there' : 'missing';
  return isHolding(recorded, asked.day) ? 'there' : 'stale';
}

export const isHolding = ({ on, until }: Recorded, day: Day): boolean =>
  on <= day && (until === undefined || day <= until);

export const recordOf = (kind: RecordKind, site: SiteFacts, camera?: CameraFacts): Recorded | undefined =>
  recordKinds[kind].of === 'camera' ? camera?.records[kind] : site.records[kind];

function isTrialOver({ on }: Recorded, { chain, day, facts }: Asked): boolean {
  const { value } = rule(trialRun, chain, day, facts);
  return value === null || deadline(on, value).day <= day;
}

function neighbours(asked: Asked): readonly Objection[] {
  const { site, camera, day, chain, facts } = asked;
  const { value, because } = rule(nearProtectedNeighbour, chain, day, facts);
  if (value === null || site.neighbours.length === 0) return [];
  const consent = camera.records['neighbour-consent'];
  if (consent && isHolding(consent, day)) return [];
  if (camera.at === null) return [{ code: 'position-unknown', what: camera.id, because }];
  const { at } = camera;
  return near(site.neighbours, at).map(({ neighbour, awayM }) => ({
    ...{ code: 'neighbour', what: neighbour.id, because, awayM },
  }));
}

/** The protected neighbours within whose distance a point lies, nearest first. */
export function near(
  neighbours: readonly ProtectedNeighbour[],
  at: { readonly lat: number; readonly lon: number },
): readonly { readonly neighbour: ProtectedNeighbour; readonly awayM: number }[] {
  return neighbours
    .map((neighbour) => ({ neighbour, awayM: distanceToAreaM(at, neighbour.outline) }))
    .filter(({ neighbour, awayM }) => awayM <= neighbour.withinM)
    .sort((a, b) => a.awayM - b.awayM);
}

/** What a camera can see from above; null where its position is not known. What turns sees all around. */
export function viewOf({ at, azimuthDeg, angleDeg, rangeM, turns }: CameraFacts): View | null {
  if (at === null || rangeM === null) return null;
  if (turns) return { at, azimuthDeg: 0, angleDeg: 360, rangeM };
  return azimuthDeg === null || angleDeg === null ? null : { at, azimuthDeg, angleDeg, rangeM };
}

/** Drawn windows, doors and private areas that the camera can see, masked or not. */
export function privateAreasSeen(site: SiteFacts, camera: CameraFacts): readonly PrivateArea[] {
  const view = viewOf(camera);
  return view ? site.privateAreas.filter(({ outline }) => sees(view, outline)) : [];
}

function masks({ site, camera, day, chain, facts }: Asked): readonly Objection[] {
  const { value, because } = rule(maskOver, chain, day, facts);
  if (value === null || site.privateAreas.length === 0) return [];
  if (viewOf(camera) === null) return [{ code: 'position-unknown', what: camera.id, because }];
  return privateAreasSeen(site, camera)
    .filter(({ id, kind }) => value.includes(kind) && !camera.masked.includes(id))
    .map(({ id, kind }) => ({ code: 'mask', what: id, because: naming(because, kind) }));
}

function soundObjections(asked: Asked): readonly Objection[] {
  const { camera, day, chain, facts } = asked;
  if (!camera.sound) return [];
  const { value, because } = rule(sound, chain, day, facts);
  if (value === 'off') return [{ code: 'sound-forbidden', what: camera.id, because }];
  return missing(soundBasis, asked);
}

/** Of a view that another camera shows for the larger part no second camera is needed (Order 799, art. 6). */
const enoughToShare = 0.6;

/** Cameras in use that show most of what this one would, the best first: sharing one is suggested, never demanded. */
export function sharable(
  camera: CameraFacts,
  others: Iterable<CameraFacts>,
): readonly { readonly camera: CameraFacts; readonly share: number }[] {
  const view = viewOf(camera);
  if (view === null) return [];
  const found: { camera: CameraFacts; share: number }[] = [];
  for (const other of others) {
    const seen = other.id === camera.id || other.step === 'retired' ? null : viewOf(other);
    if (seen === null || distanceM(view.at, seen.at) > view.rangeM + seen.rangeM) continue;
    const share = sharedShare(view, seen);
    if (share >= enoughToShare) found.push({ camera: other, share });
  }
  return found.sort((a, b) => b.share - a.share);
}
