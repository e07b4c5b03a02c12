/** Duties whose answer is no single record: one function for each question, asked by `judge`. */
import { retentionCeiling, retentionFloor } from './clauses/store.ts';
import type { Question } from './duty.ts';
import type { CameraFacts, SiteFacts } from './facts.ts';
import { daysBetween } from './filing.ts';
import { type Judged, type JudgedCamera, type Judgement, result, unmet } from './judgement.ts';
import { mandatoryBecause, placeClass } from './place-class.ts';
import type { Room } from './rooms.ts';
import { choosePeriod, conflictOf, rule } from './rule.ts';

export function answer(
  question: Question,
  at: Judged,
  one: JudgedCamera | null,
  rooms: readonly Room[],
): Judgement {
  return one ? ofCamera(question, at, one, rooms) : ofSite(question, at);
}

function ofSite(question: Question, at: Judged): Judgement {
  const { site, day } = at;
  switch (question) {
    case 'place-class':
      if (site.placeClass === null) return unmet('not-told', 'place-class', at, null);
      return placeClass(site, day).contradicts
        ? result('overdue', 'contradicts-law', site.placeClass)
        : result('met', 'told', site.placeClass);
    case 'functions':
      return site.functions.length > 0
        ? result('met', 'told', 'functions')
        : unmet('not-told', 'functions', at, null);
    case 'storage-period':
      return storagePeriod(at);
    case 'filed-count':
      return filedCount(at);
    case 'project':
      return project(site, at);
    case 'mandatory-place':
      return mandatory(at);
    default:
      return result('not-applicable', 'no-camera');
  }
}

/** Without a period of its own a site keeps what the law asks for. */
function storagePeriod({ site, chain, day, facts }: Judged): Judgement {
  const [floor, ceiling] = [
    rule(retentionFloor, chain, day, facts),
    rule(retentionCeiling, chain, day, facts),
  ];
  if (conflictOf(floor, ceiling, day)) return result('overdue', 'conflict', 'storage-period');
  if (site.keeps === null) return result('met', 'within-law', 'storage-period');
  const choice = choosePeriod(site.keeps, floor, ceiling, day);
  return choice.ok
    ? result('met', 'within-law', 'storage-period')
    : result('overdue', 'outside-law', choice.why);
}

const runs = ({ step }: CameraFacts): boolean => step === 'operating' || step === 'suspended';

function filedCount({ site, cameras }: Judged): Judgement {
  const { filing } = site;
  if (filing.filedCameras === null) return result('unknown', 'not-told', 'filed-count');
  const count = cameras.filter(runs).length;
  const since = filing.unfiled.map(({ on }) => on).sort()[0] ?? null;
  if (count === filing.filedCameras && filing.unfiled.length === 0)
    return result('met', 'filed', String(count));
  return result('overdue', 'drift', `${filing.filedCameras} ${count}`, since);
}

function project({ project: built }: SiteFacts, { day }: Judged): Judgement {
  if (built === null) return result('unknown', 'not-told', 'project');
  const { mainInUseOn, systemInUseOn } = built;
  if (mainInUseOn === null || mainInUseOn > day) return result('due', 'told', 'project', mainInUseOn);
  return systemInUseOn !== null && systemInUseOn <= mainInUseOn
    ? result('met', 'told', 'project')
    : result('overdue', 'late', 'project', mainInUseOn);
}

function mandatory(at: Judged): Judgement {
  const { site, cameras, day } = at;
  if (site.placeType === null) return result('unknown', 'not-told', 'place-type');
  if (mandatoryBecause(site, day).length === 0)
    return result('not-applicable', 'other-place', site.placeType);
  const count = cameras.filter(runs).length;
  return count > 0 ? result('met', 'told', String(count)) : unmet('not-told', 'cameras', at, null);
}

function ofCamera(question: Question, at: Judged, one: JudgedCamera, rooms: readonly Room[]): Judgement {
  const { camera, objections } = one;
  const against = (...codes: readonly string[]): Judgement | null => {
    const found = objections.find(({ code, what }) => codes.includes(code) || codes.includes(what));
    return found ? unmet('objection', `${found.code} ${found.what}`, at, one) : null;
  };
  switch (question) {
    case 'owner':
      if ((camera.owner ?? at.site.owner) === null) return result('unknown', 'not-told', 'owner');
      return against('owner') ?? result('met', 'told', 'owner');
    case 'prohibited-interior':
      if (camera.room === null) return result('unknown', 'not-told', 'room');
      return (
        (rooms.includes(camera.room) ? against('prohibited-interior') : null) ??
        result('met', 'told', camera.room)
      );
    case 'mask':
      if (at.site.privateAreas.length === 0) return result('unknown', 'none-drawn');
      return against('mask', 'position-unknown') ?? result('met', 'told', 'mask');
    case 'neighbour':
      if (at.site.neighbours.length === 0) return result('not-applicable', 'no-neighbour');
      return against('neighbour', 'position-unknown') ?? result('met', 'told', 'neighbour');
    case 'sound':
      return against('sound-forbidden', 'sound-basis') ?? result('met', 'told', 'sound');
    case 'end-of-support':
      return endOfSupport(camera, at);
    case 'capabilities':
      return camera.capabilities.length === 3
        ? result('met', 'told', 'capabilities')
        : unmet('not-told', 'capabilities', at, one);
    case 'position':
      return position(camera, at, one);
    default:
      return result('not-applicable', 'no-camera');
  }
}

function position(camera: CameraFacts, at: Judged, one: JudgedCamera): Judgement {
  const isTold = camera.at !== null && camera.rangeM !== null && (camera.turns || camera.azimuthDeg !== null);
  if (!isTold) return unmet('not-told', 'position', at, one);
  return camera.records['approved-view']
    ? result('met', 'on-record', 'approved-view')
    : unmet('not-on-record', 'approved-view', at, one);
}

/** A quarter of a year is enough to buy another one. */
const replaceInDays = 90;

function endOfSupport({ endOfSupport: end }: CameraFacts, { day }: Judged): Judgement {
  if (end === null) return result('unknown', 'not-told', 'end-of-support');
  const left = daysBetween(day, end);
  if (left < 0) return result('overdue', 'late', 'end-of-support', end);
  return left <= replaceInDays
    ? result('due', 'late', 'end-of-support', end, left)
    : result('met', 'told', 'end-of-support', end);
}
