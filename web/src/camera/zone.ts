/**
 * Days and clock times of a site's own time zone. Inside everything is UTC; a day is from one local midnight to the
 * next, which may be 23 or 25 hours, and in some zones does not begin at midnight at all.
 */
import { Temporal } from 'temporal-polyfill';

export interface Day {
  /** `2026-11-22` */
  readonly day: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const plain = (day: string) => Temporal.PlainDate.from(day);

function startOf(date: Temporal.PlainDate, zone: string): number {
  return date.toZonedDateTime(zone).startOfDay().epochMilliseconds;
}

/** The local day that an instant lies in. */
export function dayOf(ms: number, zone: string): Day {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(zone);
  return dayNamed(local.toPlainDate().toString(), zone);
}

export function dayNamed(day: string, zone: string): Day {
  const date = plain(day);
  return { day, fromMs: startOf(date, zone), toMs: startOf(date.add({ days: 1 }), zone) };
}

export const dayAfter = (day: string, days: number): string => plain(day).add({ days }).toString();

/** All local days that a span touches; at most `most`. */
export function daysIn(fromMs: number, toMs: number, zone: string, most = 40): readonly Day[] {
  const days: Day[] = [];
  for (let day = dayOf(fromMs, zone); day.fromMs < toMs && days.length < most; ) {
    days.push(day);
    day = dayNamed(dayAfter(day.day, 1), zone);
  }
  return days;
}

export interface Clock {
  readonly date: string;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** What the clock on the wall shows. */
export function clockAt(ms: number, zone: string): Clock {
  let format = formatters.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    formatters.set(zone, format);
  }
  const of: Record<string, string> = {};
  for (const part of format.formatToParts(ms)) of[part.type] = part.value;
  return {
    date: `${of.year}-${of.month}-${of.day}`,
    hour: Number(of.hour),
    minute: Number(of.minute),
    second: Number(of.second),
  };
}

/** As a person types it: `2026-11-22 14:03:05`, in the zone; the same in both languages, and never with AM or PM. */
export function toField(ms: number, zone: string): string {
  const at = clockAt(ms, zone);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.date} ${two(at.hour)}:${two(at.minute)}:${two(at.second)}`;
}

/** Reads such a text; null when it is none. An hour that comes twice is the first of the two. */
export function fromField(text: string, zone: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text.trim())) return null;
  try {
    return Temporal.PlainDateTime.from(text.trim()).toZonedDateTime(zone, { disambiguation: 'earlier' })
      .epochMilliseconds;
  } catch {
    return null;
  }
}

/** The weeks that a month's leaf shows, Monday first; days of the months beside it are null. */
export function weeksOf(month: string): readonly (readonly (string | null)[])[] {
  const first = plain(`${month}-01`);
  const cells: (string | null)[] = Array.from({ length: first.dayOfWeek - 1 }, () => null);
  for (let day = 0; day < first.daysInMonth; day += 1) cells.push(first.add({ days: day }).toString());
  while (cells.length % 7 !== 0) cells.push(null);
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

export const monthAfter = (month: string, months: number): string =>
  plain(`${month}-01`).add({ months }).toString().slice(0, 7);
