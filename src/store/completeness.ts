/**
 * The monthly completeness report of a site: for each of its cameras how much of the month is there, what is missing
 * and why, the longest gaps and the worst days, by the days of the site's zone (of 23, 24 or 25 hours).
 */
import { createHash } from 'node:crypto';
import { Temporal } from 'temporal-polyfill';
import { refuse, rfc3339 } from '../base/index.ts';
import { findSite } from '../collect/index.ts';
import type { GapCause } from '../contract/index.ts';
import { canonicalJson } from '../ledger/index.ts';
import { clip, type Span } from './cover.ts';
import {
  type Account,
  account,
  coverageOf,
  type Made,
  type Missing,
  setApart,
  together,
} from './coverage.ts';
import { covered, daysOf, type StoreAt } from './timeline.ts';

/** Footage that was received this shortly ago is still on its way into files and rows. */
const settleMs = 15_000;
const longestShown = 10;
const worstShown = 5;
const maxCameras = 2_000;

export interface Figures {
  wholeMs: number;
  recordedMs: number;
  /** Recorded, and kept where nothing can be read now. */
  awayMs: number;
  servedMs: number;
  missingMs: number;
  /** 0–1: what is kept or has served its term, of the whole. */
  coverage: number;
  causes: { cause: GapCause; ms: number }[];
}
export interface LongGap {
  from: string;
  to: string;
  ms: number;
  cause: GapCause;
  detail: Record<string, string | number>;
}
export interface CameraMonth extends Figures {
  id: string;
  name: string;
  /** Retired in the meantime. */
  retired: boolean;
  /** In this month it was to record from here to here. */
  from: string;
  to: string;
  gaps: number;
  longest: LongGap[];
  worst: { day: string; wholeMs: number; missingMs: number; coverage: number }[];
}
export interface DayFigures {
  day: string;
  /** Of the day as the zone has it: 23, 24 or 25 hours. */
  hours: number;
  wholeMs: number;
  missingMs: number;
  coverage: number;
}
export interface Completeness extends Figures {
  site: { id: string; name: string; timeZone: string };
  month: string;
  from: string;
  to: string;
  hours: number;
  /** Until here the figures reach: the month's end, or shortly before now. */
  until: string;
  isOver: boolean;
  cameras: CameraMonth[];
  days: DayFigures[];
}

type Month = { readonly days: readonly ({ day: string } & Span)[] } & Span;

export async function completeness(at: StoreAt, siteId: string, month: string): Promise<Completeness> {
  const site = await findSite(at.db.kysely, siteId);
  const days = daysOf(month, site.timeZone);
  const whole: Month = { days, fromMs: days[0]!.fromMs, toMs: days.at(-1)!.toMs };
  const untilMs = Math.min(whole.toMs, at.clock.wallMs() - settleMs);
  if (untilMs <= whole.fromMs) refuse('completeness.future', { month });
  const made: { camera: CameraRow; made: Made }[] = [];
  for (const camera of await camerasOf(at, siteId, whole)) {
    const window = clip(whole, {
      fromMs: camera.ordered_ms,
      toMs: Math.min(untilMs, camera.retired_at?.getTime() ?? untilMs),
    });
    if (window.toMs > window.fromMs) made.push({ camera, made: await madeOf(at, camera.id, window) });
  }
  const total = together(made.map((one) => account(one.made)));
  return {
    site: { id: site.id, name: site.name, timeZone: site.timeZone },
    ...{
      month,
      from: rfc3339(whole.fromMs),
      to: rfc3339(whole.toMs),
      hours: (whole.toMs - whole.fromMs) / 3_600_000,
    },
    ...{ until: rfc3339(untilMs), isOver: untilMs === whole.toMs },
    ...figuresOf(total),
    cameras: made.map(({ camera, made: its }) => cameraMonth(camera, its, days)),
    days: days
      .filter((day) => day.fromMs < untilMs)
      .map((day) =>
        dayFigures(
          day,
          made.map((one) => one.made),
        ),
      ),
  };
}

/** SHA-256 of the report's canonical JSON, hex: what the ledger says of it. */
export const digestOfReport = (report: Completeness): string =>
  createHash('sha256').update(canonicalJson(report)).digest('hex');

/** One camera over any span: what `GET /api/cameras/:id/coverage` says. */
export async function coverage(
  at: StoreAt,
  camera: { readonly id: string; readonly orderedMs: number },
  span: Span,
): Promise<Figures & { window: Span }> {
  const untilMs = at.clock.wallMs() - settleMs;
  const window = clip(span, { fromMs: camera.orderedMs, toMs: untilMs });
  if (window.toMs <= window.fromMs)
    return { ...figuresOf(together([])), window: { fromMs: span.fromMs, toMs: span.fromMs } };
  const made = await madeOf(at, camera.id, window);
  return { ...figuresOf(account(made)), window: made.window };
}

async function madeOf(at: StoreAt, cameraId: string, window: Span): Promise<Made> {
  const { gaps } = await covered(at, cameraId, window);
  return setApart(window, gaps);
}

interface CameraRow {
  readonly id: string;
  readonly name: string;
  readonly ordered_ms: number;
  readonly retired_at: Date | null;
}

/** Those that were to record at some time of the month, retired ones too. */
async function camerasOf({ db }: StoreAt, siteId: string, { fromMs, toMs }: Span): Promise<CameraRow[]> {
  return db.kysely
    .selectFrom('camera')
    .select(['id', 'name', 'ordered_ms', 'retired_at'])
    .where('site_id', '=', siteId)
    .where('ordered_ms', '<', toMs)
    .where((is) => is.or([is('retired_at', 'is', null), is('retired_at', '>', new Date(fromMs))]))
    .orderBy('name')
    .orderBy('id')
    .limit(maxCameras)
    .execute();
}

function figuresOf(of: Account): Figures {
  const { wholeMs, recordedMs, awayMs, servedMs, missingMs, causes } = of;
  return {
    wholeMs,
    recordedMs,
    awayMs,
    servedMs,
    missingMs,
    coverage: coverageOf(of),
    causes: causes.map((one) => ({ ...one })),
  };
}

function cameraMonth(camera: CameraRow, made: Made, days: Month['days']): CameraMonth {
  const { window, missing } = made;
  const perDay = days
    .map((day) => ({ day: day.day, of: account(made, day) }))
    .filter(({ of }) => of.missingMs > 0)
    .sort((a, b) => b.of.missingMs - a.of.missingMs || (a.day < b.day ? -1 : 1));
  return {
    ...{ id: camera.id, name: camera.name, retired: camera.retired_at !== null },
    ...{ from: rfc3339(window.fromMs), to: rfc3339(window.toMs) },
    ...figuresOf(account(made)),
    gaps: missing.length,
    longest: missing
      .toSorted((a, b) => lengthOf(b) - lengthOf(a) || a.fromMs - b.fromMs)
      .slice(0, longestShown)
      .map(longGap),
    worst: perDay.slice(0, worstShown).map(({ day, of }) => ({
      ...{ day, wholeMs: of.wholeMs, missingMs: of.missingMs, coverage: coverageOf(of) },
    })),
  };
}

const lengthOf = ({ fromMs, toMs }: Span): number => toMs - fromMs;

const longGap = (gap: Missing): LongGap => ({
  ...{ from: rfc3339(gap.fromMs), to: rfc3339(gap.toMs), ms: lengthOf(gap) },
  ...{ cause: gap.cause, detail: { ...gap.detail } },
});

function dayFigures(day: { day: string } & Span, made: readonly Made[]): DayFigures {
  const of = together(made.map((one) => account(one, day)));
  return {
    ...{ day: day.day, hours: (day.toMs - day.fromMs) / 3_600_000 },
    ...{ wholeMs: of.wholeMs, missingMs: of.missingMs, coverage: coverageOf(of) },
  };
}

/** `2026-10` of an instant in a zone, and the month before one. */
export const monthOf = (ms: number, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(Math.floor(ms))
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .toPlainYearMonth()
    .toString();
export const monthBefore = (month: string): string =>
  Temporal.PlainYearMonth.from(month).subtract({ months: 1 }).toString();
