/**
 * Days and periods of the law. A day is `YYYY-MM-DD` of a site's own calendar; a period is never a bare number of
 * days: 30 days, 3 working days and 6 months end on different dates. Working days need the official calendar of the
 * year (make-up Saturdays too): a year that is not in the table is an error, never a guess.
 */

/** `YYYY-MM-DD`. */
export type Day = string;

export type PeriodUnit = 'hour' | 'day' | 'workingDay' | 'month' | 'year';
export interface Period {
  readonly n: number;
  readonly unit: PeriodUnit;
}

export const hours = (n: number): Period => ({ n, unit: 'hour' });
export const days = (n: number): Period => ({ n, unit: 'day' });
export const workingDays = (n: number): Period => ({ n, unit: 'workingDay' });
export const months = (n: number): Period => ({ n, unit: 'month' });
export const years = (n: number): Period => ({ n, unit: 'year' });

const dayMs = 86_400_000;

/** Thrown when a date is none, or a working day is asked of a year whose official calendar is not known here. */
export class CalendarError extends Error {
  /** The year whose official calendar is missing; null: the date itself is none. */
  readonly year: number | null;

  constructor(message: string, year: number | null = null) {
    super(message);
    this.year = year;
  }
}

export function parseDay(day: Day): { year: number; month: number; date: number; ms: number } {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!match) throw new CalendarError(`not a day: ${day}`);
  const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const ms = Date.UTC(year, month - 1, date);
  if (new Date(ms).getUTCMonth() !== month - 1 || year < 1949) throw new CalendarError(`no such day: ${day}`);
  return { year, month, date, ms };
}

const toDay = (ms: number): Day => new Date(ms).toISOString().slice(0, 10);
export const addDays = (day: Day, n: number): Day => toDay(parseDay(day).ms + n * dayMs);

/** The same date `n` months on; the month's last day where there is no such date (31 January + 1 month). */
export function addMonths(day: Day, n: number): Day {
  const { year, month, date } = parseDay(day);
  const first = new Date(Date.UTC(year, month - 1 + n, 1));
  const lastDate = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return toDay(Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), Math.min(date, lastDate)));
}

interface YearTable {
  /** Weekdays on which nobody works. */
  readonly off: readonly string[];
  /** Saturdays and Sundays on which everybody does. */
  readonly on: readonly string[];
}

/** General Office of the State Council, notices on the holidays of 2025 and 2026. `MM-DD`. */
const china: Readonly<Record<number, YearTable>> = {
  2025: {
    off: '01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 10-01 10-02 10-03 10-06 10-07 10-08'.split(
      ' ',
    ),
    on: '01-26 02-08 04-27 09-28 10-11'.split(' '),
  },
  2026: {
    off: '01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 10-01 10-02 10-05 10-06 10-07'.split(
      ' ',
    ),
    on: '01-04 02-14 02-28 05-09 09-20 10-10'.split(' '),
  },
};

export const calendarYears: readonly number[] = Object.keys(china).map(Number);

/** Throws CalendarError for a year without an official calendar. */
export function isWorkingDay(day: Day): boolean {
  const { year, ms } = parseDay(day);
  const table = china[year];
  if (!table) throw new CalendarError(`no official calendar for ${year}`, year);
  const short = day.slice(5);
  if (table.on.includes(short)) return true;
  if (table.off.includes(short)) return false;
  const weekday = new Date(ms).getUTCDay();
  return weekday !== 0 && weekday !== 6;
}

export interface Deadline {
  /** The last day by the period itself. */
  readonly day: Day;
  /** The same, moved to the next working day when it falls on a day off; null when that year's calendar is unknown. */
  readonly rolled: Day | null;
}

/** The last day of a period that begins on `start`; the day of the event is not counted (MPSP art. 35). */
export function deadline(start: Day, period: Period): Deadline {
  const day = lastDay(start, period);
  return { day, rolled: rollForward(day) };
}

/** Without moving it off a day on which nobody works. */
export function lastDay(start: Day, { n, unit }: Period): Day {
  if (!Number.isInteger(n) || n < 0 || n > 36_600) throw new CalendarError(`no such period: ${n} ${unit}`);
  switch (unit) {
    case 'hour':
      return addDays(start, Math.ceil(n / 24));
    case 'day':
      return addDays(start, n);
    case 'month':
      return addMonths(start, n);
    case 'year':
      return addMonths(start, n * 12);
    case 'workingDay': {
      let day = start;
      for (let left = n; left > 0; ) {
        day = addDays(day, 1);
        if (isWorkingDay(day)) left--;
      }
      return day;
    }
  }
}

function rollForward(day: Day): Day | null {
  try {
    let rolled = day;
    while (!isWorkingDay(rolled)) rolled = addDays(rolled, 1);
    return rolled;
  } catch (error) {
    if (error instanceof CalendarError) return null;
    throw error;
  }
}

/**
 * How long a period that begins on `start` lasts, in ms: for comparing periods of different units and for the reaper.
 * Days are days of 24 hours: the law's 30 days are counted on segment ends, not on midnights.
 */
export function periodMs(period: Period, start: Day): number {
  if (period.unit === 'hour') return period.n * 3_600_000;
  if (period.unit === 'day') return period.n * dayMs;
  return parseDay(lastDay(start, period)).ms - parseDay(start).ms;
}
