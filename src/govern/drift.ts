/**
 * Drift: what the register says now against what was filed last, field by field, each since the day on which it came to
 * differ. Pure. What was changed and changed back is no drift; changed again, it runs since the change that left what
 * was filed.
 */

import type { FiledField } from '../law/index.ts';
import { canonicalJson } from '../ledger/index.ts';
import type { Content } from './filing-content.ts';

export interface Part {
  readonly part: string;
  readonly was: string | null;
  readonly is: string | null;
}

export interface Difference {
  readonly field: FiledField;
  readonly cameraId: string | null;
  readonly cameraName: string | null;
  /** As it was filed, in the form of `filed_change.value`; undefined where that does not say it. */
  readonly filed: unknown;
  readonly parts: readonly Part[];
}

/** One row of what was seen to change after the filing was frozen, in order. */
export interface SeenChange {
  readonly field: string;
  readonly cameraId: string | null;
  readonly atMs: number;
  readonly value: unknown;
}

type Device = Content['devices'][number];

const unitOf = ({ name, creditCode, address, legalPerson, contact, phone }: Content['unit']) => ({
  ...{ name, creditCode, address, legalPerson, contact, phone },
});
const addressOf = ({ name, address, placeType, placeClass, owner }: Content['site']) => ({
  ...{ name, address, placeType, placeClass, owner },
});
const placeOf = ({ lat, lon, azimuthDeg, angleDeg, rangeM, room }: Device) => ({
  ...{ lat, lon, azimuthDeg, angleDeg, rangeM, room },
});
const typeOf = ({ turns, sound, capabilities, purpose, zone }: Device) => ({
  ...{ turns, sound, capabilities, purpose, zone },
});

export function differences(filed: Content, now: Content): Difference[] {
  return [
    ...whole('unit', unitOf(filed.unit), unitOf(now.unit), undefined),
    ...whole('address', addressOf(filed.site), addressOf(now.site), addressOf(filed.site)),
    ...cameras(filed.devices, now.devices),
    ...whole('storage-period', { storage: said(filed) }, { storage: said(now) }, undefined),
    ...whole(
      'person-responsible',
      { personResponsible: filed.system.personResponsible },
      { personResponsible: now.system.personResponsible },
      undefined,
    ),
    ...whole(
      'stop',
      { stoppedOn: filed.system.stoppedOn },
      { stoppedOn: now.system.stoppedOn },
      filed.system.stoppedOn,
    ),
  ];
}

const said = ({ system: { storage } }: Content): string | null =>
  storage === null ? null : `${storage.n} ${storage.unit}`;

type Parts = Readonly<Record<string, unknown>>;

function whole(
  field: FiledField,
  was: Parts,
  is: Parts,
  filed: unknown,
  camera: Pick<Device, 'id' | 'name'> | null = null,
): Difference[] {
  const parts = Object.keys(was).flatMap((part): Part[] =>
    canonicalJson(was[part]) === canonicalJson(is[part])
      ? []
      : [{ part, was: plain(was[part]), is: plain(is[part]) }],
  );
  if (parts.length === 0) return [];
  return [{ field, cameraId: camera?.id ?? null, cameraName: camera?.name ?? null, filed, parts }];
}

function plain(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  return Array.isArray(value) ? value.join(' ') : String(value);
}

function cameras(filed: readonly Device[], now: readonly Device[]): Difference[] {
  const before = new Map(filed.map((device) => [device.id, device]));
  const after = new Map(now.map((device) => [device.id, device]));
  const gone = filed.filter(({ id }) => !after.has(id));
  return [
    ...now.flatMap((device) => {
      const was = before.get(device.id);
      if (!was) return presence('camera-added', device);
      return [
        ...whole('camera-moved', placeOf(was), placeOf(device), placeOf(was), device),
        ...whole('camera-type', typeOf(was), typeOf(device), typeOf(was), device),
      ];
    }),
    ...gone.flatMap((device) => presence('camera-removed', device)),
  ];
}

function presence(field: 'camera-added' | 'camera-removed', { id, name }: Device): Difference[] {
  const isAdded = field === 'camera-added';
  const part = { part: 'inUse', was: isAdded ? null : name, is: isAdded ? name : null };
  return [{ field, cameraId: id, cameraName: name, filed: undefined, parts: [part] }];
}

/** The moment from which it differs; null: nobody saw it change. */
export function sinceOf({ field, cameraId, filed }: Difference, seen: readonly SeenChange[]): number | null {
  const own = seen.filter((each) => each.field === field && each.cameraId === cameraId);
  // In and out of use undo each other.
  const undone =
    field === 'camera-added' ? 'camera-removed' : field === 'camera-removed' ? 'camera-added' : null;
  if (undone !== null) {
    const back = seen.findLast((each) => each.field === undone && each.cameraId === cameraId);
    return own.find(({ atMs }) => back === undefined || atMs >= back.atMs)?.atMs ?? own.at(-1)?.atMs ?? null;
  }
  const asFiled = canonicalJson(filed);
  const left = filed === undefined ? -1 : own.findLastIndex(({ value }) => canonicalJson(value) === asFiled);
  return own[left + 1]?.atMs ?? own.at(-1)?.atMs ?? null;
}
