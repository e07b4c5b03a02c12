/** The day at a place, by its own clock: what every period of the law is counted from. */
import type { Day } from './calendar.ts';

const formats = new Map<string, Intl.DateTimeFormat>();
const days = new Map<string, string>();
const quarterMs = 900_000;
const maxDays = 20_000;

/** The day at a place. No zone changes its day within a quarter of an hour by the clock. */
export function localDay(ms: number, timeZone: string): Day {
  const key = `${timeZone} ${Math.floor(ms / quarterMs)}`;
  const known = days.get(key);
  if (known !== undefined) return known;
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  formats.set(timeZone, format);
  if (days.size >= maxDays) days.clear();
  const day = format.format(ms);
  days.set(key, day);
  return day;
}
