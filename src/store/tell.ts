/** What webhooks are told of that is not about one volume or camera; the caller's transaction holds the ledger row too. */
import type { Transaction } from 'kysely';
import type { Tables } from '../db/index.ts';

/** A `kind` with a point in it is sent as it stands; any other is of storage. */
export async function tellOf(
  trx: Transaction<Tables>,
  atMs: number,
  kind: `${string}.${string}`,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  await trx
    .insertInto('storage_event')
    .values({ at: new Date(atMs), kind, volume_id: null, camera_id: null, detail: JSON.stringify(detail) })
    .execute();
}
