/**
 * The life of a camera: planned, approved, installed, tested (trial run), operating, suspended, retired. One pure
 * function says whether a step may be taken on a day, and if not, what is lacking and by which article; the form asks it
 * before, the server when, and the hourly look whether it still holds. What the law objects to stands in `siting.ts`.
 *
 * A device that is there already may be tried before its papers are whole: the trial run asks only that it may be there
 * at all. Operating asks for everything.
 */
import { addMonths, type Day } from './calendar.ts';
import type { Both } from './clause.ts';
import type { CameraFacts, CameraStep, SiteFacts } from './facts.ts';
import { isRecordKind, recordKinds } from './records.ts';
import type { Reason } from './rule.ts';
import { interiorObjection, type Objection, objectionsTo } from './siting.ts';

export const stepNames: Readonly<Record<CameraStep, Both>> = {
  planned: { en: 'planned', zh: '已规划' },
  approved: { en: 'approved', zh: '已批准' },
  installed: { en: 'installed', zh: '已安装' },
  tested: { en: 'trial run', zh: '试运行' },
  operating: { en: 'operating', zh: '正式运行' },
  suspended: { en: 'suspended', zh: '暂停使用' },
  retired: { en: 'retired', zh: '已停用' },
};

/** What a camera can lack that is no record; a stale one is called `stale-` and its kind. */
const otherNeeds: Readonly<Record<string, Both>> = {
  room: { en: 'kind of room', zh: '所在区域类型' },
  'place-class': { en: 'class of the place', zh: '场所类别认定' },
  owner: { en: 'an owner who may run a camera here', zh: '有权在此安装的主体' },
  position: { en: 'position, direction, angle and range', zh: '位置、方位、视角和距离' },
  mask: { en: 'mask over what is private', zh: '隐私区域遮挡' },
  sound: { en: 'sound switched off', zh: '关闭录音' },
};

export function needName(need: string): Both {
  if (Object.hasOwn(otherNeeds, need)) return otherNeeds[need] as Both;
  if (isRecordKind(need)) return recordKinds[need].name;
  const kind = need.replace(/^stale-/, '');
  if (kind === need || !isRecordKind(kind)) return { en: need, zh: need };
  const { en, zh } = recordKinds[kind].name;
  return { en: `${en} (no longer holds)`, zh: `${zh}（已过期）` };
}

export interface Lack {
  readonly need: string;
  /** Whose rule it is; empty where it is only that nothing can be judged without it. */
  readonly because: readonly Reason[];
}

export type StepVerdict =
  | { readonly kind: 'ok' }
  /** Inside of such a room nobody may have a camera, whoever consents. */
  | { readonly kind: 'prohibited'; readonly room: string; readonly because: readonly Reason[] }
  /** That step does not follow this one. */
  | { readonly kind: 'order' }
  | { readonly kind: 'lacking'; readonly lacking: readonly Lack[] };

const ways: Readonly<Record<CameraStep, readonly CameraStep[]>> = {
  planned: ['approved', 'installed', 'tested', 'operating', 'retired'],
  approved: ['planned', 'installed', 'tested', 'operating', 'retired'],
  installed: ['tested', 'operating', 'retired'],
  tested: ['operating', 'suspended', 'retired'],
  operating: ['tested', 'suspended', 'retired'],
  suspended: ['tested', 'operating', 'retired'],
  retired: ['planned', 'installed'],
};
export const nextSteps = (from: CameraStep): readonly CameraStep[] => ways[from];

/** Only then is it pulled and recorded. */
export const isRecordedIn = (step: CameraStep): boolean => step === 'tested' || step === 'operating';

/** Whether `camera`, as it stands, may take the step `to`. */
export function step(camera: CameraFacts, site: SiteFacts, to: CameraStep, day: Day): StepVerdict {
  return ways[camera.step].includes(to) ? stand(camera, site, to, day) : { kind: 'order' };
}

/** Whether a camera may stand at `at` on `day`, however it came there: what a new one and an edited one are asked. */
export function stand(camera: CameraFacts, site: SiteFacts, at: CameraStep, day: Day): StepVerdict {
  // Out of use is a way that is always open, also for a camera that a new law forbids.
  if (at === 'retired' || at === 'suspended') return { kind: 'ok' };
  const inside = interiorObjection(site, camera.room, day);
  if (inside) return { kind: 'prohibited', room: inside.what, because: inside.because };
  const lacking = lacks(camera, site, at, day);
  return lacking.length === 0 ? { kind: 'ok' } : { kind: 'lacking', lacking };
}

/** Near a protected neighbour, or in the hands of one who may have none, there is not even a trial run. */
const evenTried: readonly Objection['code'][] = ['neighbour', 'position-unknown', 'owner'];

/** Everything that a camera lacks to stand at a step, with the rules that want it. */
export function lacks(camera: CameraFacts, site: SiteFacts, at: CameraStep, day: Day): readonly Lack[] {
  switch (at) {
    case 'retired':
    case 'suspended':
      return [];
    case 'planned':
    case 'installed':
    case 'tested':
      return asLacks(
        objectionsTo('approved', site, camera, day).filter(({ code }) => evenTried.includes(code)),
      );
    case 'approved':
      return asLacks(objectionsTo('approved', site, camera, day));
    case 'operating':
      return [...unjudged(camera, site), ...asLacks(objectionsTo('operating', site, camera, day))].filter(
        ({ need }, i, all) => all.findLastIndex((each) => each.need === need) === i,
      );
  }
}

/** Where nobody has said what place and what room it is, no law can be asked. */
function unjudged(camera: CameraFacts, site: SiteFacts): Lack[] {
  const found: Lack[] = [];
  if (camera.room === null) found.push({ need: 'room', because: [] });
  if (site.placeClass === null) found.push({ need: 'place-class', because: [] });
  return found;
}

function asLacks(objections: readonly Objection[]): Lack[] {
  const found = new Map<string, Reason[]>();
  for (const objection of objections) {
    const need = needOf(objection);
    const known = found.get(need) ?? [];
    // Two questions of the law may be answered by one article: it is said once.
    const isKnown = ({ answer }: Reason) => known.some((each) => each.answer.cite === answer.cite);
    found.set(need, [...known, ...objection.because.filter((reason) => !isKnown(reason))]);
  }
  return [...found].map(([need, because]) => ({ need, because }));
}

function needOf({ code, what }: Objection): string {
  switch (code) {
    case 'owner':
      return 'owner';
    case 'neighbour':
      return 'neighbour-consent';
    case 'position-unknown':
      return 'position';
    case 'mask':
      return 'mask';
    case 'sound-forbidden':
      return 'sound';
    case 'stale':
      return `stale-${what}`;
    case 'prohibited-interior':
    case 'missing':
      return what;
  }
}

/**
 * The law wants a camera to be needed and names no date for saying so again: here a statement holds for a year, after
 * which nobody remembers why.
 */
export const necessityUntil = (on: Day): Day => addMonths(on, 12);
