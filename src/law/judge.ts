/**
 * Holds one duty against what is known of a site and its cameras on a day. It never guesses: a fact nobody told makes a
 * duty not yet known, a record that is missing makes it due before the system is live and overdue afterwards.
 */
import { type Day, lastDay, type Period } from './calendar.ts';
import type { BookDuty, DutyScope } from './duty.ts';
import { enforced } from './enforced.ts';
import type { CameraFacts, OpenItems, Recorded, SiteFacts } from './facts.ts';
import { daysBetween, filingClocks } from './filing.ts';
import {
  type Judged,
  type JudgedCamera,
  type Judgement,
  result,
  unmet,
  type WhyCode,
  worst,
} from './judgement.ts';
import { answer } from './questions.ts';
import { openKinds, type RecordKind, recordKinds } from './records.ts';
import { chainOf, isHolding, lawFacts, objectionsOf } from './siting.ts';

export function judgedSite(site: SiteFacts, cameras: readonly CameraFacts[], day: Day): Judged {
  const chain = chainOf(site);
  const names = new Set(chain.map(({ id }) => id));
  return { site, cameras, day, chain, names, facts: lawFacts(site), clocks: filingClocks(site, day) };
}

export function judgedCamera({ site, day, chain }: Judged, camera: CameraFacts): JudgedCamera {
  const facts = lawFacts(site, camera);
  return { camera, objections: objectionsOf('operating', { site, camera, day, chain, facts }) };
}

/** One duty of a site, and of a camera where the duty is each camera's own. */
export function judge(
  duty: BookDuty,
  facts: {
    readonly site: SiteFacts;
    readonly cameras?: readonly CameraFacts[];
    readonly camera?: CameraFacts;
  },
  day: Day,
): Judgement {
  const { camera } = facts;
  const at = judgedSite(facts.site, facts.cameras ?? (camera ? [camera] : []), day);
  return outOfScope(duty, at) ?? judgeIn(duty, at, camera ? judgedCamera(at, camera) : null);
}

/** Why a duty does not bind this site at all; null: it does. */
export function outOfScope({ scope, id }: Pick<BookDuty, 'scope' | 'id'>, at: Judged): Judgement | null {
  const no = (code: WhyCode, what = '') => result('not-applicable', code, what);
  const { site, names } = at;
  if (scope.profiles && !scope.profiles.some((profile) => names.has(profile)))
    return no('no-profile', scope.profiles.join(' '));
  if (scope.classes && site.placeClass === null) return result('unknown', 'not-told', 'place-class');
  if (scope.classes && !scope.classes.includes(site.placeClass as never))
    return no('other-class', site.placeClass ?? '');
  if (scope.placeTypes && !scope.placeTypes.includes(site.placeType ?? ''))
    return no('other-place', scope.placeTypes.join(' '));
  if (scope.keyTarget && !site.keyTarget) return no('no-key-target');
  if (scope.ownedBy && site.owner === null) return result('unknown', 'not-told', 'owner');
  if (scope.ownedBy && site.owner !== scope.ownedBy) return no('other-owner', scope.ownedBy);
  return id.startsWith('FR-') ? no('no-faces') : null;
}

function outOfCameraScope(scope: DutyScope, { purpose, zone }: CameraFacts): Judgement | null {
  if (scope.purpose && purpose !== scope.purpose) return result('not-applicable', 'other-purpose', purpose);
  if (scope.zone && zone !== scope.zone) return result('not-applicable', 'no-private-zone');
  return null;
}

/** In scope: how it stands. */
export function judgeIn(duty: BookDuty, at: Judged, one: JudgedCamera | null): Judgement {
  if (one) {
    const out = outOfCameraScope(duty.scope, one.camera) ?? notNow(duty, one.camera);
    if (out) return out;
  } else if (duty.of === 'camera') return result('not-applicable', 'no-camera');
  const { judged } = duty;
  switch (judged.by) {
    case 'record':
      return worst(judged.kinds.map((kind) => byRecord(kind, judged.every ?? null, at, one)));
    case 'none-open':
      return worst(
        judged.kinds.map((kind) => {
          const holder = openKinds[kind].of === 'camera' ? one?.camera : at.site;
          return byOpen(kind, holder?.open[kind], judged.within ?? null, at);
        }),
      );
    case 'clock':
      return byClock(judged.clocks, at);
    case 'question':
      return answer(judged.question, at, one, judged.rooms ?? []);
    case 'system':
      return enforced.has(duty.id) ? result('met', 'by-system') : result('unknown', 'not-in-this-version');
    case 'people':
      return result('unknown', 'between-people');
    case 'nobody':
      return result('not-applicable', 'nothing-to-do');
  }
}

/** Only a retired camera's disk is to be destroyed, and of a retired camera nothing else is asked. */
function notNow({ judged }: BookDuty, { step }: CameraFacts): Judgement | null {
  const isAboutEnd = judged.by === 'record' && judged.kinds.includes('destruction');
  if (isAboutEnd) return step === 'retired' ? null : result('not-applicable', 'not-retired');
  return step === 'retired' ? result('not-applicable', 'retired') : null;
}

/** Asked for only where the case arises; that it never arose is nowhere on record. */
const conditional: ReadonlySet<RecordKind> = new Set([
  ...(['outsourcing-agreement', 'exit-certificate', 'procurement-note', 'guards-filed'] as const),
]);
/** What is renewed before this many days counts as due. */
const soonDays = 30;

function byRecord(kind: RecordKind, every: Period | null, at: Judged, one: JudgedCamera | null): Judgement {
  const { site, day } = at;
  const record: Recorded | undefined =
    recordKinds[kind].of === 'camera' ? one?.camera.records[kind] : site.records[kind];
  if (!record || record.on > day)
    return conditional.has(kind)
      ? result('unknown', 'only-where', kind)
      : unmet('not-on-record', kind, at, one);
  if (!isHolding(record, day)) return result('overdue', 'ran-out', kind, record.until ?? null);
  const ends = [record.until, every ? lastDay(record.on, every) : undefined].filter(
    (end) => end !== undefined,
  );
  const last = ends.sort()[0];
  if (last === undefined) return result('met', 'on-record', kind, null);
  const left = daysBetween(day, last);
  if (left < 0) return result('overdue', 'too-old', kind, last);
  // What is renewed every few days is not due on every one of them.
  const soon = Math.min(soonDays, Math.floor(daysBetween(record.on, last) / 4));
  return left <= soon ? result('due', 'too-old', kind, last, left) : result('met', 'on-record', kind, last);
}

function byOpen(
  kind: string,
  items: OpenItems | undefined,
  within: Period | null,
  { day }: Judged,
): Judgement {
  if (items === undefined) return result('unknown', 'not-counted', kind);
  if (items.count === 0) return result('met', 'none-open', kind);
  const since = items.since ?? day;
  if (within === null) return result('overdue', 'open', kind, since);
  try {
    const last = lastDay(since, within);
    const left = daysBetween(day, last);
    return left < 0 ? result('overdue', 'open', kind, last) : result('due', 'open', kind, last, left);
  } catch {
    return result('due', 'calendar-missing', kind);
  }
}

function byClock(kinds: readonly string[], { clocks, site }: Judged): Judgement {
  const running = clocks.filter(({ kind }) => kinds.includes(kind));
  if (running.length > 0)
    return worst(
      running.map(({ kind, last, state, daysLeft, missingYear }) =>
        missingYear === null
          ? result(state, 'to-file', kind, last, state === 'due' ? daysLeft : null)
          : result('due', 'calendar-missing', String(missingYear)),
      ),
    );
  if (kinds.includes('go-live') || kinds.includes('legacy')) {
    if (site.liveSince === null) return result('due', 'to-file', kinds[0] ?? '');
    const isFiled = site.filing.state === 'submitted' || site.filing.state === 'accepted';
    return isFiled
      ? result('met', 'filed', site.filing.submittedOn ?? '')
      : result('not-applicable', 'not-owed');
  }
  return site.filing.acceptedOn === null && site.filing.submittedOn === null
    ? result('not-applicable', 'not-owed')
    : result('met', 'filed', site.filing.submittedOn ?? '');
}
