/**
 * Cameras of which nothing is known but their footage: an index that is made anew from the disks needs a row for each.
 * They stand at a site of their own and are paused, until a person gives them their address again.
 */
import type { Kysely, Transaction } from 'kysely';
import { idPattern, newId } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { foldName } from './sites.ts';

export const foundSite = '磁盘恢复 Found on disk';
export const foundBy = 'custos fsck --rebuild';
const timeZone = 'Asia/Shanghai';
/** Nothing is ever pulled from here: the camera is paused, and the name can exist nowhere (RFC 2606). */
const noAddress = 'rtsp://address-not-known.invalid/';

export const isCameraId = (id: string): boolean => idPattern.test(id) && id.startsWith('cam_');

/** `firstMs`: the first picture that was found; from there on every second is footage or a gap. */
export async function addFoundCamera(
  trx: Transaction<Tables>,
  { id, firstMs, nowMs }: { id: string; firstMs: number; nowMs: number },
): Promise<void> {
  const now = new Date(nowMs);
  const name = `磁盘恢复 Found on disk ${id.slice(-6)}`;
  const row = {
    ...{ id, site_id: await siteOfFound(trx, nowMs), name, name_folded: foldName(name), url: noAddress },
    ...{ user_name: '' },
    ...{ transport: 'auto' as const, ordered_ms: Math.floor(firstMs), created: now },
    ...{
      paused_at: now,
      paused_by: foundBy,
      paused_reason: '索引由磁盘重建 The index was rebuilt from the disks',
    },
  };
  await trx
    .insertInto('camera')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

async function siteOfFound(trx: Transaction<Tables>, nowMs: number): Promise<string> {
  const name_folded = foldName(foundSite);
  const known = await trx
    .selectFrom('site')
    .select('id')
    .where('name_folded', '=', name_folded)
    .executeTakeFirst();
  if (known) return known.id;
  const id = newId('site', nowMs);
  const created = new Date(nowMs);
  await trx
    .insertInto('site')
    .values({ id, name: foundSite, name_folded, address: '', time_zone: timeZone, created })
    .execute();
  return id;
}

/** Older footage of it turned up: it was to record from there on. */
export async function setFoundFrom(db: Kysely<Tables>, id: string, firstMs: number): Promise<void> {
  await db
    .updateTable('camera')
    .set({ ordered_ms: Math.floor(firstMs) })
    .where('id', '=', id)
    .execute();
}
