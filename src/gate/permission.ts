/**
 * A permission as the gate decides by it, pure: whose, which actions, on which cameras, at which hours, how far back,
 * from when until when. The book beside it holds those that run.
 */
import type { Action, permissions as contract } from '../contract/index.ts';
import type { Subject } from './grant.ts';

export type PermissionAction = contract.PermissionAction;

/** What each of them opens at the gate. */
export const opens = {
  live: 'view.live',
  playback: 'view.playback',
  still: 'footage.still',
  export: 'footage.download',
} as const satisfies Readonly<Record<PermissionAction, Action>>;
export type VideoAction = (typeof opens)[PermissionAction];

export interface Permission {
  readonly id: string;
  readonly personId: string;
  readonly kind: 'asked' | 'founding' | 'emergency';
  readonly actions: ReadonlySet<Action>;
  readonly wholeUnit: boolean;
  readonly sites: ReadonlySet<string>;
  readonly cameras: ReadonlySet<string>;
  readonly lookBackMs: number;
  /** Minutes of the day in the zone; null: at every hour. */
  readonly hours: { readonly from: number; readonly to: number; readonly timeZone: string } | null;
  readonly purpose: contract.Purpose;
  readonly startsMs: number;
  readonly endsMs: number;
}

/** Why it permits, or why not; `other`: it is about something else. Ordered: later is nearer to a yes. */
const standings = ['other', 'over', 'early', 'operating', 'hours', 'look-back', 'covers'] as const;
export type Standing = (typeof standings)[number];

export function standing(held: Permission, action: Action, subject: Subject, nowMs: number): Standing {
  if (!held.actions.has(action) || !reaches(held, subject)) return 'other';
  if (nowMs >= held.endsMs) return 'over';
  if (nowMs < held.startsMs) return 'early';
  // Of no camera in particular: whether there is anything it could permit.
  if (subject.id === undefined) return 'covers';
  if (held.kind === 'founding' && subject.step !== 'tested') return 'operating';
  if (held.hours !== null && !isWithin(held.hours, nowMs)) return 'hours';
  return (subject.agoMs ?? 0) <= held.lookBackMs ? 'covers' : 'look-back';
}

function reaches(held: Permission, subject: Subject): boolean {
  if (subject.permissionId !== undefined && subject.permissionId !== held.id) return false;
  if (subject.kind === 'any') return true;
  if (subject.kind !== 'camera') return false;
  if (held.wholeUnit || subject.id === undefined) return true;
  return held.cameras.has(subject.id) || (subject.siteId !== undefined && held.sites.has(subject.siteId));
}

export type Found = { readonly by: Permission } | { readonly nearest: Standing };
const none: readonly Permission[] = [];

/** The one that permits it, or how near the nearest came. */
export function findPermission(
  all: readonly Permission[],
  action: Action,
  subject: Subject,
  nowMs: number,
): Found {
  let nearest = 0;
  for (const some of concerning(all, subject)) {
    for (const held of some) {
      const stands = standing(held, action, subject, nowMs);
      if (stands === 'covers') return { by: held };
      nearest = Math.max(nearest, standings.indexOf(stands));
    }
  }
  return { nearest: standings[nearest] ?? 'other' };
}

interface Index {
  readonly wide: readonly Permission[];
  readonly byCamera: ReadonlyMap<string, readonly Permission[]>;
  readonly bySite: ReadonlyMap<string, readonly Permission[]>;
}
/** Made once for the list that the book holds of a person; a change makes another list. */
const indexes = new WeakMap<readonly Permission[], Index>();

/** Those that could reach the subject: somebody with fifty permissions is not asked about all at each camera. */
function concerning(all: readonly Permission[], subject: Subject): readonly (readonly Permission[])[] {
  if (subject.kind !== 'camera' || subject.id === undefined) return [all];
  let index = indexes.get(all);
  if (!index) {
    index = indexOf(all);
    indexes.set(all, index);
  }
  const ofSite = subject.siteId === undefined ? none : (index.bySite.get(subject.siteId) ?? none);
  return [index.wide, index.byCamera.get(subject.id) ?? none, ofSite];
}

function indexOf(all: readonly Permission[]): Index {
  const byCamera = new Map<string, Permission[]>();
  const bySite = new Map<string, Permission[]>();
  const add = (to: Map<string, Permission[]>, id: string, held: Permission) => {
    const there = to.get(id);
    if (there) there.push(held);
    else to.set(id, [held]);
  };
  for (const held of all) {
    if (held.wholeUnit) continue;
    for (const id of held.cameras) add(byCamera, id, held);
    for (const id of held.sites) add(bySite, id, held);
  }
  return { wide: all.filter(({ wholeUnit }) => wholeUnit), byCamera, bySite };
}

/** A span over midnight begins later than it ends. */
export function isWithin(hours: NonNullable<Permission['hours']>, nowMs: number): boolean {
  const minute = minuteOfDay(nowMs, hours.timeZone);
  return hours.from < hours.to
    ? minute >= hours.from && minute < hours.to
    : minute >= hours.from || minute < hours.to;
}

const zones = new Map<string, { readonly format: Intl.DateTimeFormat; atMinute: number; minute: number }>();

/** Of the day at a place. Remembered for the minute: a wall asks for it a thousand times. */
function minuteOfDay(ms: number, timeZone: string): number {
  let zone = zones.get(timeZone);
  if (!zone) {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
    zone = { format, atMinute: -1, minute: 0 };
    zones.set(timeZone, zone);
  }
  const atMinute = Math.floor(ms / 60_000);
  if (zone.atMinute !== atMinute) {
    const [hour = '0', minute = '0'] = zone.format.format(ms).split(':');
    zone.minute = (Number(hour) % 24) * 60 + Number(minute);
    zone.atMinute = atMinute;
  }
  return zone.minute;
}
