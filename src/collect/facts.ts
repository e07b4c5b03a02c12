/**
 * What a person says of a camera, as its row keeps it and as the law reads it; and the verdict of the law as a refusal
 * that names what is lacking and the article.
 */
import { type Because, Refusal, refuse } from '../base/index.ts';
import {
  type CameraFacts,
  type CameraPurpose,
  type CameraStep,
  type Capability,
  type Day,
  isRoom,
  type Lack,
  type OwnerKind,
  type Reason,
  type Room,
  type SiteFacts,
  type StepVerdict,
  stand,
  step,
} from '../law/index.ts';
import { isDay } from './records.ts';

/** Absent: unchanged, or not said of a new camera. Null: not known. */
export interface GivenFacts {
  readonly room?: string | null | undefined;
  readonly zone?: 'public' | 'private' | undefined;
  readonly owner?: OwnerKind | null | undefined;
  readonly purpose?: CameraPurpose | undefined;
  readonly position?: { readonly lat: number; readonly lon: number } | null | undefined;
  readonly azimuthDeg?: number | null | undefined;
  readonly angleDeg?: number | null | undefined;
  readonly rangeM?: number | null | undefined;
  readonly turns?: boolean | undefined;
  readonly masked?: readonly string[] | undefined;
  readonly capabilities?: readonly Capability[] | undefined;
  readonly endOfSupport?: string | null | undefined;
}

const plain = {
  zone: 'zone',
  owner: 'owner',
  purpose: 'purpose',
  azimuthDeg: 'azimuth_deg',
  angleDeg: 'angle_deg',
  rangeM: 'range_m',
  turns: 'turns',
  endOfSupport: 'end_of_support',
} as const;

/** The columns that are said. */
export function rowOfFacts(given: GivenFacts): FactsRow {
  const { room, position, masked, capabilities, endOfSupport } = given;
  if (room !== undefined && room !== null && !isRoom(room)) refuse('camera.room');
  if (endOfSupport && !isDay(endOfSupport)) refuse('record.day', { day: endOfSupport });
  const said = Object.entries(plain).filter(([key]) => given[key as keyof typeof plain] !== undefined);
  return {
    ...Object.fromEntries(said.map(([key, column]) => [column, given[key as keyof typeof plain]])),
    ...(room === undefined ? {} : { room }),
    ...(position === undefined ? {} : { lat: position?.lat ?? null, lon: position?.lon ?? null }),
    ...(masked === undefined ? {} : { masked: [...masked] }),
    ...(capabilities === undefined ? {} : { capabilities: [...capabilities] }),
  };
}

/** Columns of a camera's row. */
export interface FactsRow {
  readonly room?: string | null;
  readonly zone?: 'public' | 'private';
  readonly owner?: OwnerKind | null;
  readonly purpose?: CameraPurpose;
  readonly lat?: number | null;
  readonly lon?: number | null;
  readonly azimuth_deg?: number | null;
  readonly angle_deg?: number | null;
  readonly range_m?: number | null;
  readonly turns?: boolean;
  readonly masked?: string[];
  readonly capabilities?: string[];
  readonly end_of_support?: string | null;
}

const nothingSaid: Omit<CameraFacts, 'id' | 'name' | 'siteId' | 'step'> = {
  ...{ operatingSince: null, room: null, zone: 'public', owner: null, purpose: 'public-safety', at: null },
  ...{ azimuthDeg: null, angleDeg: null, rangeM: null, turns: false, sound: false, masked: [] },
  ...{ capabilities: [], endOfSupport: null, records: {}, open: {} },
};

/** The facts of a camera once `row` is written over them. */
export function withFacts(
  before: Pick<CameraFacts, 'id' | 'name' | 'siteId' | 'step'> & Partial<CameraFacts>,
  row: FactsRow,
): CameraFacts {
  const was: CameraFacts = { ...nothingSaid, ...before };
  const or = <T>(said: T | undefined, known: T): T => (said === undefined ? known : said);
  const at = row.lat === undefined ? was.at : pointOf(row.lat, row.lon ?? null);
  return {
    ...was,
    at,
    room: or(row.room as Room | null | undefined, was.room),
    zone: or(row.zone, was.zone),
    owner: or(row.owner, was.owner),
    purpose: or(row.purpose, was.purpose),
    azimuthDeg: or(row.azimuth_deg, was.azimuthDeg),
    angleDeg: or(row.angle_deg, was.angleDeg),
    rangeM: or(row.range_m, was.rangeM),
    turns: or(row.turns, was.turns),
    masked: or<readonly string[]>(row.masked, was.masked),
    capabilities: or(row.capabilities as readonly Capability[] | undefined, was.capabilities),
    endOfSupport: or(row.end_of_support, was.endOfSupport),
  };
}

const pointOf = (lat: number | null, lon: number | null) =>
  lat === null || lon === null ? null : { lat, lon };

/** The rule could not be asked: a profile that nobody knows, a year without a calendar. No answer is a no. */
export type Standing = StepVerdict | { readonly kind: 'no-ruling' };

/** `by` step: from where it stands now; else whether it may stand there however it came. */
export function askStanding(
  facts: CameraFacts,
  site: SiteFacts,
  to: CameraStep,
  day: Day,
  by: 'stand' | 'step' = 'stand',
): Standing {
  try {
    return by === 'step' ? step(facts, site, to, day) : stand(facts, site, to, day);
  } catch {
    return { kind: 'no-ruling' };
  }
}

export const becauseOf = (reasons: readonly Reason[], clause: string): Because[] =>
  reasons.map(({ answer: { cite } }) => ({ clause, instrument: cite.instrument, article: cite.article }));

/** Ends the call unless the verdict is yes. */
export function refuseVerdict(verdict: Standing, to: CameraStep, site: SiteFacts, from?: CameraStep): void {
  if (verdict.kind !== 'ok') throw refusalOf(verdict, to, site, from);
}

export function refusalOf(
  verdict: Exclude<Standing, { kind: 'ok' }>,
  to: CameraStep,
  site: SiteFacts,
  from?: CameraStep,
): Refusal {
  switch (verdict.kind) {
    case 'no-ruling':
      return new Refusal('camera.no-ruling', { site: site.name });
    case 'order':
      return new Refusal('camera.step', { from: from ?? '', to });
    case 'prohibited': {
      const { instrument = '', article = '' } = verdict.because[0]?.answer.cite ?? {};
      const because = becauseOf(verdict.because, 'collect.prohibited-interior');
      return new Refusal('camera.prohibited', { room: verdict.room, instrument, article }, because);
    }
    case 'lacking': {
      const needs = verdict.lacking.map(({ need }) => need).join(' ');
      return new Refusal('camera.lacks', { step: to, needs }, verdict.lacking.flatMap(becauseOfLack));
    }
  }
}

const becauseOfLack = ({ need, because }: Lack): Because[] => becauseOf(because, need);
