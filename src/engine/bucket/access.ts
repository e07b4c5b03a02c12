/** How a bucket is reached: its address, its keys, and the names that objects get in it. */
import { Fault } from '../../base/index.ts';

/** Everything that is needed to reach a bucket. Holds a secret: never logged, never part of a `Volume`. */
export interface BucketAccess {
  /** http(s)://host[:port], without a path. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** In front of every object's name; empty, or without a slash at either end. */
  readonly prefix: string;
  /** `path`: endpoint/bucket/key. `host`: bucket.endpoint/key. */
  readonly style: 'path' | 'host';
  readonly accessKeyId: string;
  readonly secretKey: string;
  /** PEM of the authorities that may have signed the storage's certificate; null: those the machine trusts. */
  readonly ca: string | null;
}

/** Where an object lies for a request; `key` is a whole name, the prefix in front. Null means the bucket itself. */
export function urlOf(
  access: BucketAccess,
  key: string | null,
  query: Readonly<Record<string, string>>,
): URL {
  const url = new URL(access.endpoint);
  if (access.style === 'host') url.hostname = `${access.bucket}.${url.hostname}`;
  const path = key === null ? '' : key.split('/').map(encodeURIComponent).join('/');
  url.pathname = access.style === 'host' ? `/${path}` : `/${access.bucket}/${path}`;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** An object's name is its path in the volume, as it would be on a disk, behind the prefix. */
export const keyOf = (access: BucketAccess, path: string): string =>
  access.prefix === '' ? path : `${access.prefix}/${path}`;

/** The path in the volume; null for what does not lie under the prefix. */
export function pathOf(access: BucketAccess, key: string): string | null {
  if (access.prefix === '') return key;
  return key.startsWith(`${access.prefix}/`) ? key.slice(access.prefix.length + 1) : null;
}

const registry = new Map<string, BucketAccess>();

/**
 * What this process knows of buckets, by the id of their volume. Said once to each process that reads or writes them
 * (by `bucket` orders), so that no list of segments carries a secret; null forgets.
 */
export function knowBucket(volumeId: string, access: BucketAccess | null): void {
  if (access === null) registry.delete(volumeId);
  else registry.set(volumeId, access);
}

export const knownBucket = (volumeId: string): BucketAccess | null => registry.get(volumeId) ?? null;
export const knownBuckets = (): ReadonlyMap<string, BucketAccess> => registry;

/** Of a volume whose path says that it is a bucket; a fault where this process was never told of it. */
export function bucketOf(volume: { readonly id: string; readonly path: string }): BucketAccess | null {
  const access = knownBucket(volume.id);
  if (access === null && volume.path.startsWith('s3://'))
    throw new Fault(`the bucket of volume ${volume.id} is not known to this process`, { retry: true });
  return access;
}

/** What stands in `volume.path`: for people, without credentials. */
export const addressOf = (access: Pick<BucketAccess, 'bucket' | 'prefix' | 'endpoint'>): string =>
  `s3://${new URL(access.endpoint).host}/${access.bucket}${access.prefix === '' ? '' : `/${access.prefix}`}`;
