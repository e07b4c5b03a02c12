/** Times and amounts as a person reads them: a time always with its zone, a number always with its unit. */
import type { Language } from './useWords.ts';

const parts = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string | undefined): Intl.DateTimeFormat {
  const key = timeZone ?? '';
  let found = parts.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'shortOffset',
      ...(timeZone ? { timeZone } : {}),
    });
    parts.set(key, found);
  }
  return found;
}

export interface TimeParts {
  readonly date: string;
  readonly time: string;
  /** `UTC+8`. */
  readonly zone: string;
}

/** `timeZone` absent: this computer's. */
export function timeParts(instant: string | number | Date, timeZone?: string): TimeParts {
  const of: Record<string, string> = {};
  for (const part of formatter(timeZone).formatToParts(new Date(instant))) of[part.type] = part.value;
  const zone = (of.timeZoneName ?? '').replace('GMT', 'UTC');
  return {
    date: `${of.year}-${of.month}-${of.day}`,
    time: `${of.hour}:${of.minute}:${of.second}`,
    zone: zone === 'UTC' ? 'UTC+0' : zone,
  };
}

/** `2026-11-22 14:03:05 UTC+8`, the same in both languages. */
export function sayTime(instant: string | number | Date, timeZone?: string): string {
  const at = timeParts(instant, timeZone);
  return `${at.date} ${at.time} ${at.zone}`;
}

export function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `1.2 TB`, in powers of ten as disks are sold. */
export function sayBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let left = bytes;
  let unit = 0;
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1000;
    unit++;
  }
  return `${left >= 100 || unit === 0 ? Math.round(left) : left.toFixed(1)} ${units[unit]}`;
}

export function sayNumber(value: number, lang: Language, digits = 0): string {
  return value.toLocaleString(lang === 'zh' ? 'zh-CN' : 'en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** `3 d 4 h`, `12 min`, `45 s`: the two largest units. */
export function saySpan(ms: number, lang: Language): string {
  const units: readonly [number, string, string][] = [
    [86_400_000, 'd', '天'],
    [3_600_000, 'h', '小时'],
    [60_000, 'min', '分'],
    [1000, 's', '秒'],
  ];
  let left = Math.max(0, Math.round(ms / 1000) * 1000);
  const said: string[] = [];
  for (const [size, en, zh] of units) {
    const count = Math.floor(left / size);
    if (count > 0 || (size === 1000 && said.length === 0)) said.push(`${count} ${lang === 'zh' ? zh : en}`);
    left -= count * size;
    if (said.length === 2) break;
  }
  return said.join(' ');
}
