/** What can be asked of a bucket: objects by their path, a page of a listing, versions, and the lock of an object. */
import { Fault } from '../../base/index.ts';
import { keyOf, pathOf } from './access.ts';
import { BucketFault, type Doing } from './problem.ts';
import { type Answer, type Asked, md5, type Wire } from './wire.ts';
import { childrenOf, type Element, escapeXml, readXml, textOf, XmlError } from './xml.ts';

/** A listing's page of 1,000. */
const pageBytes = 4 * 1024 * 1024;
const smallBytes = 64 * 1024;
/** Versions of one object: one, and one more for each upload that was repeated. */
const maxVersions = 1_000;

export interface Stored {
  readonly path: string;
  readonly bytes: number;
}

export interface Head {
  readonly bytes: number;
  readonly etag: string;
  /** Until then nobody may delete it; null: not locked. */
  readonly lockedUntilMs: number | null;
  readonly lockMode: string | null;
}

/** Null: it is not there. */
export async function headOf(wire: Wire, path: string, signal?: AbortSignal): Promise<Head | null> {
  const key = keyOf(wire.access, path);
  try {
    const { headers } = await wire.ask({ method: 'HEAD', doing: 'read', key, mostBytes: 0, ...by(signal) });
    const until = Date.parse(String(headers['x-amz-object-lock-retain-until-date'] ?? ''));
    return {
      bytes: count(headers['content-length'], 'content-length'),
      etag: String(headers.etag ?? ''),
      lockedUntilMs: Number.isFinite(until) ? until : null,
      lockMode: (headers['x-amz-object-lock-mode'] as string | undefined) ?? null,
    };
  } catch (error) {
    if (isCode(error, 'no-object')) return null;
    throw error;
  }
}

/** Bytes [from, to) of an object; fewer where it ends. `etag`: of that very object, or it is a fault. */
export async function readRange(
  wire: Wire,
  path: string,
  range: { from: number; to: number; etag?: string },
  signal?: AbortSignal,
): Promise<Buffer> {
  const { from, to, etag } = range;
  if (to <= from) return Buffer.alloc(0);
  const key = keyOf(wire.access, path);
  const headers = { range: `bytes=${from}-${to - 1}`, ...(etag ? { 'if-match': etag } : {}) };
  const most = to - from;
  const answer = await wire.ask({
    method: 'GET',
    doing: 'read',
    key,
    headers,
    mostBytes: most,
    ...by(signal),
  });
  const said = /^bytes (\d+)-(\d+)\//.exec(String(answer.headers['content-range'] ?? ''));
  if (answer.status === 206 && said !== null && Number(said[1]) === from) return answer.body;
  // A server that does not know ranges sends all of it; then the range has to begin with it.
  if (answer.status === 200 && from === 0) return answer.body;
  throw new Fault(`the storage sent other bytes of ${path} than were asked for`);
}

export interface End {
  readonly bytes: Buffer;
  /** Of the whole object. */
  readonly objectBytes: number;
  readonly etag: string;
}

/** The first or the last so many bytes of an object, all of a smaller one, and how long it is; null: it is not there. */
export async function readEnd(
  wire: Wire,
  path: string,
  { from, bytes: most }: { readonly from: 'start' | 'end'; readonly bytes: number },
  signal?: AbortSignal,
): Promise<End | null> {
  const range = from === 'end' ? `bytes=-${most}` : `bytes=0-${most - 1}`;
  const key = keyOf(wire.access, path);
  try {
    const asked: Asked = { method: 'GET', doing: 'read', key, headers: { range }, mostBytes: most };
    return asEnd(await wire.ask({ ...asked, ...by(signal) }), path);
  } catch (error) {
    if (isCode(error, 'no-object')) return null;
    throw error;
  }
}

function asEnd({ status, headers, body }: Answer, path: string): End {
  const etag = String(headers.etag ?? '');
  const said = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(String(headers['content-range'] ?? ''));
  if (status === 206 && said !== null) return { bytes: body, objectBytes: Number(said[3]), etag };
  // A server that does not know ranges sends all of it; what is longer was refused by its length.
  if (status === 200) return { bytes: body, objectBytes: body.length, etag };
  throw new Fault(`the storage sent other bytes of ${path} than were asked for`);
}

/** A whole object at once; what it is called by the storage (its ETag). */
export async function putObject(
  wire: Wire,
  path: string,
  body: Uint8Array,
  signal?: AbortSignal,
): Promise<string> {
  const headers = { 'content-md5': md5(body).toString('base64') };
  const key = keyOf(wire.access, path);
  const asked: Asked = { method: 'PUT', doing: 'write', key, headers, body, mostBytes: smallBytes };
  const answer = await wire.ask({ ...asked, ...by(signal) });
  return String(answer.headers.etag ?? '');
}

/** Everything below the prefix (and `under`), in the order of names. */
export async function* listObjects(
  wire: Wire,
  options: { under?: string; after?: string; signal?: AbortSignal } = {},
): AsyncGenerator<Stored> {
  const { access } = wire;
  const prefix = keyOf(access, options.under ?? '');
  const after = options.after === undefined ? null : keyOf(access, options.after);
  let token: string | null = null;
  for (;;) {
    const query = {
      ...{ 'list-type': '2', 'max-keys': '1000', prefix },
      ...(token !== null ? { 'continuation-token': token } : after !== null ? { 'start-after': after } : {}),
    };
    const page = xmlOf(await get(wire, 'list', query, options.signal), 'ListBucketResult');
    for (const one of childrenOf(page, 'Contents')) {
      const path = pathOf(access, textOf(one, 'Key') ?? '');
      if (path !== null && path !== '') yield { path, bytes: count(textOf(one, 'Size') ?? '') };
    }
    token = textOf(page, 'IsTruncated') === 'true' ? textOf(page, 'NextContinuationToken') : null;
    if (token === null) return;
  }
}

export interface Named {
  readonly name: string;
  /** Null: a folder, as names with a slash make one. */
  readonly bytes: number | null;
}

/** What lies right below a path, as a folder would list it; '' is the prefix itself. */
export async function* listLevel(wire: Wire, path: string, signal?: AbortSignal): AsyncGenerator<Named> {
  const { access } = wire;
  const prefix = keyOf(access, path === '' ? '' : `${path}/`);
  for (let token: string | null = null; ; ) {
    const query = {
      ...{ 'list-type': '2', 'max-keys': '1000', delimiter: '/', prefix },
      ...(token !== null ? { 'continuation-token': token } : {}),
    };
    const page = xmlOf(await get(wire, 'list', query, signal), 'ListBucketResult');
    for (const one of childrenOf(page, 'CommonPrefixes')) {
      const name = (textOf(one, 'Prefix') ?? '').slice(prefix.length).replace(/\/$/, '');
      if (name !== '') yield { name, bytes: null };
    }
    for (const one of childrenOf(page, 'Contents')) {
      const name = (textOf(one, 'Key') ?? '').slice(prefix.length);
      if (name !== '') yield { name, bytes: count(textOf(one, 'Size') ?? '') };
    }
    token = textOf(page, 'IsTruncated') === 'true' ? textOf(page, 'NextContinuationToken') : null;
    if (token === null) return;
  }
}

export interface Version {
  readonly versionId: string;
  readonly isMarker: boolean;
}

/** Every version of one object, and the marks of earlier deletions. */
export async function versionsOf(wire: Wire, path: string, signal?: AbortSignal): Promise<Version[]> {
  const key = keyOf(wire.access, path);
  const found: Version[] = [];
  let after: Record<string, string> = {};
  for (;;) {
    const query = { versions: '', 'max-keys': '1000', prefix: key, ...after };
    const page = xmlOf(await get(wire, 'list', query, signal), 'ListVersionsResult');
    for (const one of page.children) {
      const isVersion = one.name === 'Version' || one.name === 'DeleteMarker';
      if (!isVersion || textOf(one, 'Key') !== key) continue;
      found.push({ versionId: textOf(one, 'VersionId') ?? '', isMarker: one.name === 'DeleteMarker' });
    }
    const keyMarker = textOf(page, 'NextKeyMarker');
    const isOver = textOf(page, 'IsTruncated') !== 'true' || keyMarker === null || keyMarker > key;
    if (isOver || found.length >= maxVersions) return found;
    after = { 'key-marker': keyMarker, 'version-id-marker': textOf(page, 'NextVersionIdMarker') ?? '' };
  }
}

/**
 * Deletes an object for good, all of its versions: a mark of deletion alone would leave the footage where it is. What
 * is not there is deleted; false says that nothing was there. BucketFault `locked`: the storage keeps it until its
 * date, whoever asks.
 */
export async function deleteObject(wire: Wire, path: string, signal?: AbortSignal): Promise<boolean> {
  const key = keyOf(wire.access, path);
  const versions = await versionsOf(wire, path, signal);
  // Marks last: while a version stands, the mark keeps it out of listings that show footage.
  for (const { versionId } of versions.toSorted((a, b) => Number(a.isMarker) - Number(b.isMarker))) {
    const query: Record<string, string> = versionId === '' || versionId === 'null' ? {} : { versionId };
    try {
      await wire.ask({ method: 'DELETE', doing: 'delete', key, query, mostBytes: smallBytes, ...by(signal) });
    } catch (error) {
      if (!isCode(error, 'denied-delete')) throw error;
      throw (await lockFault(wire, path, versionId, signal)) ?? error;
    }
  }
  return versions.some(({ isMarker }) => !isMarker);
}

/** Whether a refusal to delete is a lock, and until when. */
async function lockFault(
  wire: Wire,
  path: string,
  versionId: string,
  signal?: AbortSignal,
): Promise<BucketFault | null> {
  const lock = await retentionOf(wire, path, versionId, signal);
  if (lock === null) return null;
  return new BucketFault('locked', { until: new Date(lock.untilMs).toISOString(), untilMs: lock.untilMs });
}

export type LockMode = 'governance' | 'compliance';
export interface Retention {
  readonly mode: LockMode;
  readonly untilMs: number;
}

/** Null: nothing is locked. */
export async function retentionOf(
  wire: Wire,
  path: string,
  versionId: string | null = null,
  signal?: AbortSignal,
): Promise<Retention | null> {
  const key = keyOf(wire.access, path);
  const query = { retention: '', ...(versionId ? { versionId } : {}) };
  try {
    const answer = await wire.ask({
      ...{ method: 'GET', doing: 'lock', key, query, mostBytes: smallBytes },
      ...by(signal),
    } as const);
    const root = xmlOf(answer, 'Retention');
    const untilMs = Date.parse(textOf(root, 'RetainUntilDate') ?? '');
    if (!Number.isFinite(untilMs)) return null;
    return { mode: textOf(root, 'Mode') === 'GOVERNANCE' ? 'governance' : 'compliance', untilMs };
  } catch (error) {
    // No retention, no lock on this bucket, or a storage that has no locks at all.
    if (error instanceof BucketFault && lockless.has(error.problem.code)) return null;
    throw error;
  }
}
const lockless = new Set<string>(['no-object', 'no-lock', 'refused', 'denied-lock']);

/** Locks an object until an instant, or longer than it is locked now; it never shortens. */
export async function lockUntil(
  wire: Wire,
  path: string,
  wanted: Retention,
  signal?: AbortSignal,
): Promise<void> {
  const present = await retentionOf(wire, path, null, signal);
  if (present !== null && present.untilMs >= wanted.untilMs) return;
  const until = new Date(Math.ceil(wanted.untilMs / 1000) * 1000).toISOString();
  const body = Buffer.from(
    `<Retention xmlns="${namespace}"><Mode>${wanted.mode.toUpperCase()}</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`,
  );
  const key = keyOf(wire.access, path);
  const headers = { 'content-md5': md5(body).toString('base64'), 'content-type': 'application/xml' };
  const asked: Asked = {
    ...{ method: 'PUT', doing: 'lock', key, query: { retention: '' }, headers, body, mostBytes: smallBytes },
  };
  await wire.ask({ ...asked, ...by(signal) }).catch((error: unknown) => {
    // What S3 says of a bucket without locks: 400 InvalidRequest.
    throw isCode(error, 'refused') ? new BucketFault('no-lock', {}, { cause: error }) : error;
  });
}

export interface BucketFeatures {
  /** Whether objects can be locked at all; decided when the bucket was made. */
  readonly hasLock: boolean;
  readonly isVersioned: boolean;
}

export async function featuresOf(wire: Wire, tries: number): Promise<BucketFeatures> {
  const ask = (query: Record<string, string>) =>
    wire.ask({ method: 'GET', doing: 'list', key: null, query, mostBytes: smallBytes, tries });
  const versioning = await ask({ versioning: '' }).catch(orNull('refused', 'denied-list', 'no-object'));
  const lock = await ask({ 'object-lock': '' }).catch(
    orNull('no-lock', 'refused', 'denied-list', 'no-object', 'broken'),
  );
  return {
    hasLock:
      lock !== null && textOf(xmlOf(lock, 'ObjectLockConfiguration'), 'ObjectLockEnabled') === 'Enabled',
    isVersioned:
      versioning !== null && textOf(xmlOf(versioning, 'VersioningConfiguration'), 'Status') === 'Enabled',
  };
}

// ---- uploads in parts

export interface Upload {
  readonly path: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
}

/** Uploads that were begun below the prefix and not ended, of one object or of all. */
export async function* listUploads(wire: Wire, under = '', signal?: AbortSignal): AsyncGenerator<Upload> {
  const { access } = wire;
  const prefix = keyOf(access, under);
  let after: Record<string, string> = {};
  for (;;) {
    const query = { uploads: '', 'max-uploads': '1000', prefix, ...after };
    const page = xmlOf(await get(wire, 'list', query, signal), 'ListMultipartUploadsResult');
    for (const one of childrenOf(page, 'Upload')) {
      const path = pathOf(access, textOf(one, 'Key') ?? '');
      const uploadId = textOf(one, 'UploadId') ?? '';
      const initiatedMs = Date.parse(textOf(one, 'Initiated') ?? '') || 0;
      if (path !== null && uploadId !== '') yield { path, uploadId, initiatedMs };
    }
    const keyMarker = textOf(page, 'NextKeyMarker');
    if (textOf(page, 'IsTruncated') !== 'true' || keyMarker === null) return;
    after = { 'key-marker': keyMarker, 'upload-id-marker': textOf(page, 'NextUploadIdMarker') ?? '' };
  }
}

export async function beginUpload(wire: Wire, path: string, signal?: AbortSignal): Promise<string> {
  const key = keyOf(wire.access, path);
  const asked: Asked = { method: 'POST', doing: 'write', key, query: { uploads: '' }, mostBytes: smallBytes };
  const root = xmlOf(await wire.ask({ ...asked, ...by(signal) }), 'InitiateMultipartUploadResult');
  const uploadId = textOf(root, 'UploadId');
  if (!uploadId) throw new Fault('the storage began an upload without a name');
  return uploadId;
}

/** Part number (from 1) to ETag and size. */
export async function partsOf(
  wire: Wire,
  { path, uploadId }: Pick<Upload, 'path' | 'uploadId'>,
  signal?: AbortSignal,
): Promise<Map<number, { etag: string; bytes: number }>> {
  const parts = new Map<number, { etag: string; bytes: number }>();
  for (let after: string | null = '0'; after !== null; ) {
    const query: Record<string, string> = { uploadId, 'max-parts': '1000', 'part-number-marker': after };
    const page = xmlOf(await get(wire, 'list', query, signal, keyOf(wire.access, path)), 'ListPartsResult');
    for (const one of childrenOf(page, 'Part')) {
      const number = count(textOf(one, 'PartNumber') ?? '');
      parts.set(number, { etag: textOf(one, 'ETag') ?? '', bytes: count(textOf(one, 'Size') ?? '') });
    }
    const next = textOf(page, 'NextPartNumberMarker');
    after = textOf(page, 'IsTruncated') === 'true' && next !== after ? next : null;
  }
  return parts;
}

export async function putPart(
  wire: Wire,
  { path, uploadId }: Pick<Upload, 'path' | 'uploadId'>,
  number: number,
  body: Uint8Array,
  signal?: AbortSignal,
): Promise<string> {
  const headers = { 'content-md5': md5(body).toString('base64') };
  const query = { partNumber: String(number), uploadId };
  const key = keyOf(wire.access, path);
  const asked: Asked = { method: 'PUT', doing: 'write', key, query, headers, body, mostBytes: smallBytes };
  return String((await wire.ask({ ...asked, ...by(signal) })).headers.etag ?? '');
}

export async function endUpload(
  wire: Wire,
  { path, uploadId }: Pick<Upload, 'path' | 'uploadId'>,
  etags: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const parts = etags.map(
    (etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
  );
  const body = Buffer.from(
    `<CompleteMultipartUpload xmlns="${namespace}">${parts.join('')}</CompleteMultipartUpload>`,
  );
  const key = keyOf(wire.access, path);
  const headers = { 'content-type': 'application/xml' };
  const asked: Asked = {
    method: 'POST',
    doing: 'write',
    key,
    query: { uploadId },
    headers,
    body,
    mostBytes: smallBytes,
  };
  const answer = await wire.ask({ ...asked, ...by(signal) });
  // S3 may begin its answer with 200 before it knows whether it can join the parts.
  const root = xmlOf(answer, null);
  if (root.name !== 'CompleteMultipartUploadResult')
    throw new BucketFault(
      'broken',
      { status: 200, code: textOf(root, 'Code') ?? root.name },
      { retry: true },
    );
}

/** What is not there any more is aborted. */
export async function abortUpload(
  wire: Wire,
  { path, uploadId }: Pick<Upload, 'path' | 'uploadId'>,
  signal?: AbortSignal,
): Promise<void> {
  const key = keyOf(wire.access, path);
  const asked: Asked = { method: 'DELETE', doing: 'delete', key, query: { uploadId }, mostBytes: smallBytes };
  await wire.ask({ ...asked, ...by(signal) }).catch(orNull('no-object'));
}

// ---- helpers

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

const get = (
  wire: Wire,
  doing: Doing,
  query: Record<string, string>,
  signal?: AbortSignal,
  key: string | null = null,
): Promise<Answer> => wire.ask({ method: 'GET', doing, key, query, mostBytes: pageBytes, ...by(signal) });

const by = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** The answer's document; what is none, or another one, means that nobody there speaks S3. */
function xmlOf(answer: Answer, name: string | null): Element {
  try {
    const root = readXml(answer.body);
    if (name === null || root.name === name) return root;
    throw new XmlError(`<${root.name.slice(0, 40)}>`);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new BucketFault('not-s3', { ...answer.place, what: error.message }, { cause: error });
  }
}

function count(text: unknown, what = 'a count'): number {
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw new Fault(`the storage answered with ${what} that is no number`);
}

export const isCode = (error: unknown, code: string): boolean =>
  error instanceof BucketFault && error.problem.code === code;

const orNull =
  (...codes: readonly string[]) =>
  (error: unknown): null => {
    if (error instanceof BucketFault && codes.includes(error.problem.code)) return null;
    throw error;
  };
