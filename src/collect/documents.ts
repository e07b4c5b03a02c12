/** The file behind a record: a picture of the approved view, a consent as it was signed. What it is, its bytes say. */
import { createHash } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { refuse } from '../base/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';

export const documentTypes = ['image/jpeg', 'image/png', 'application/pdf'] as const;
export type DocumentType = (typeof documentTypes)[number];

export interface RecordDocument {
  readonly name: string;
  readonly type: DocumentType;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** A PDF without its beginning and its end is none that anybody could open; a picture has its marker and its size. */
export function typeOf(bytes: Buffer): DocumentType | null {
  const isPdf = bytes.subarray(0, 5).toString('latin1') === '%PDF-';
  if (isPdf) return bytes.subarray(-2_048).includes('%%EOF') ? 'application/pdf' : null;
  if (bytes.subarray(0, 3).toString('hex') === 'ffd8ff')
    return bytes.subarray(-64).includes(Buffer.from('ffd9', 'hex')) ? 'image/jpeg' : null;
  const isPng = bytes.subarray(0, 8).toString('hex') === '89504e470d0a1a0a';
  return isPng && bytes.subarray(12, 16).toString('latin1') === 'IHDR' ? 'image/png' : null;
}

/** Resolves with its digest. A record has one document, which stays. */
export async function addDocument(
  trx: Transaction<Tables>,
  grant: Grant<'site.configure' | 'camera.configure'>,
  of: { readonly recordId: string; readonly name: string; readonly bytes: Buffer },
): Promise<{ sha256: string; type: DocumentType }> {
  const type = typeOf(of.bytes);
  if (type === null) return refuse('document.kind');
  const digest = createHash('sha256').update(of.bytes).digest();
  const row = { record_id: of.recordId, name: of.name, media_type: type, bytes: of.bytes, sha256: digest };
  try {
    await trx
      .insertInto('record_document')
      .values({ ...row, written: new Date(grant.atMs), written_by: grant.by.name })
      .execute();
  } catch (error) {
    if (brokenConstraint(error) === 'record_document_pkey') refuse('document.there');
    throw error;
  }
  return { sha256: digest.toString('hex'), type };
}

export async function findDocument(db: Kysely<Tables>, recordId: string): Promise<RecordDocument> {
  const row = await db
    .selectFrom('record_document')
    .select(['name', 'media_type', 'bytes', 'sha256'])
    .where('record_id', '=', recordId)
    .executeTakeFirst();
  if (!row) return refuse('document.unknown');
  const { name, media_type: type } = row;
  return { name, type, bytes: Buffer.from(row.bytes), sha256: Buffer.from(row.sha256).toString('hex') };
}

/** Which of these records have one. */
export async function documentsOf(
  db: Kysely<Tables>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { readonly name: string; readonly type: DocumentType }>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('record_document')
    .select(['record_id', 'name', 'media_type'])
    .where('record_id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ record_id, name, media_type: type }) => [record_id, { name, type }]));
}
