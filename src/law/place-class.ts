/**
 * The class of a place and the trace of why. Order 799 names kinds of places; where it names none, or its list is open
 * ("等人员聚集场所"), nobody but the unit can say, and what it says is a recorded decision.
 */
import type { Day } from './calendar.ts';
import type { Both, PlaceClass } from './clause.ts';
import { mandatoryPlace } from './clauses/collect.ts';
import type { SiteFacts } from './facts.ts';
import { placeClasses, placeTypeOf } from './places.ts';
import { profilesOf } from './profiles/index.ts';
import { type Reason, rule } from './rule.ts';

export interface Step {
  readonly says: Both;
  /** The answers of the law behind it; empty where a person decided. */
  readonly reasons: readonly Reason[];
}

export interface Classified {
  /** Null: nothing names it and nobody has decided. */
  readonly class: PlaceClass | null;
  readonly because: readonly Step[];
  /** Somebody decided otherwise than the law's own list: shown, and looked at by the inspection. */
  readonly contradicts: boolean;
}

type Asked = Pick<SiteFacts, 'profiles' | 'placeType' | 'placeClass' | 'records'>;

export function placeClass(site: Asked, day: Day): Classified {
  const listed = byList(site, day);
  const decision = site.records['place-class-decision'];
  if (site.placeClass === null) return { class: listed.class, because: listed.because, contradicts: false };
  const name = placeClasses[site.placeClass];
  const decided: Step = {
    says: {
      en: `Decided${decision ? ` on ${decision.on}` : ''}: ${name.en}`,
      zh: `${decision ? `${decision.on} ` : ''}认定：${name.zh}`,
    },
    reasons: [],
  };
  const contradicts = listed.class !== null && listed.class !== site.placeClass && isFreer(site.placeClass);
  return { class: site.placeClass, because: [...listed.because, decided], contradicts };
}

/** Those classes free a place from duties that it would have under art. 7. */
const isFreer = (one: PlaceClass): boolean => one === 'art9-other-public' || one === 'art33-non-public';

function byList(site: Asked, day: Day): { class: PlaceClass | null; because: readonly Step[] } {
  const type = site.placeType === null ? undefined : placeTypeOf(site.placeType);
  if (!type) {
    const says = { en: 'No kind of place is chosen.', zh: '尚未选择场所种类。' };
    return { class: null, because: [{ says, reasons: [] }] };
  }
  const { because } = rule(mandatoryPlace, profilesOf(site.profiles), day);
  const naming = because.filter(({ answer }) => (answer.value as readonly string[]).includes(type.id));
  const national = naming.filter(({ profile }) => profile === 'cn-national');
  if (national.length > 0)
    return {
      class: type.placeClass,
      because: [
        {
          says: {
            en: `The law names it: ${type.name.en}. ${placeClasses[type.placeClass].en}`,
            zh: `法律明确列举：${type.name.zh}。${placeClasses[type.placeClass].zh}`,
          },
          reasons: national,
        },
      ],
    };
  const local: readonly Step[] =
    naming.length > 0
      ? [
          {
            says: {
              en: `Local rules demand a system here: ${type.name.en}.`,
              zh: `地方规定须建设系统：${type.name.zh}。`,
            },
            reasons: naming,
          },
        ]
      : [];
  const open = {
    en: `Order 799 does not name "${type.name.en}", and its list is open: the unit decides the class and records why.`,
    zh: `条例未明确列举“${type.name.zh}”，且列举并非穷尽：由单位认定类别并记录理由。`,
  };
  return { class: null, because: [...local, { says: open, reasons: [] }] };
}

/** Whether law or local rules demand a system at this kind of place, and which. */
export function mandatoryBecause(
  site: Pick<SiteFacts, 'profiles' | 'placeType'>,
  day: Day,
): readonly Reason[] {
  const { because } = rule(mandatoryPlace, profilesOf(site.profiles), day);
  return because.filter(({ answer }) => (answer.value as readonly string[]).includes(site.placeType ?? ''));
}
