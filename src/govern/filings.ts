/**
 * Filings of the unit: a draft is the register as it is now; whoever submits it declares by name that it is true, and
 * from then on it is frozen, with its digest. An answer of the organ ends it: received with a number, or returned with
 * reasons, after which the register is corrected and another one is submitted.
 */
import type { Kysely, Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import type { filing as form } from '../contract/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import { CalendarError, type Day, localDay, parseDay } from '../law/index.ts';
import { digestOf, readDigest, textOf } from './filing-content.ts';
import { type FilingRow, type SiteFiling, siteFilings } from './filing-state.ts';
import { fromBase64, isPdf } from './pdf.ts';

type Trx = Transaction<Tables>;
type May = Grant<'filing.file'>;

export async function findFiling(db: Kysely<Tables>, id: string): Promise<FilingRow> {
  const row = await db.selectFrom('filing').selectAll().where('id', '=', id).executeTakeFirst();
  return row ?? refuse('filing.unknown');
}

const maxFilings = 1_000;

export async function listFilings(db: Kysely<Tables>, siteId?: string): Promise<FilingRow[]> {
  return db
    .selectFrom('filing')
    .selectAll()
    .$if(siteId !== undefined, (query) => query.where('site_id', '=', siteId ?? ''))
    .orderBy('made', 'desc')
    .orderBy('id', 'desc')
    .limit(maxFilings)
    .execute();
}

/** Begins a draft for the site of the grant; one at a time. */
export async function startFiling(trx: Trx, grant: May): Promise<string> {
  const siteId = grant.subject.id ?? '';
  await lockSite(trx, siteId);
  const last = await trx
    .selectFrom('filing')
    .select(['id', 'no', 'state'])
    .where('site_id', '=', siteId)
    .orderBy('no', 'desc')
    .executeTakeFirst();
  if (last?.state === 'draft') refuse('filing.draft-there');
  const id = newId('fil', grant.atMs);
  await trx
    .insertInto('filing')
    .values({
      ...{ id, site_id: siteId, no: (last?.no ?? 0) + 1, state: 'draft', kind: null },
      ...{ replaces: last?.state === 'returned' ? last.id : null },
      ...{ made: new Date(grant.atMs), made_by: grant.by.name, content: null, digest: null, frozen: null },
      ...{ frozen_seq: null, attested_by: null, attested_as: null, way: null, submitted_on: null },
      ...{ answered: null, answered_by: null, answered_on: null, receipt_no: null, reasons: null },
      answer_note: null,
    })
    .execute();
  return id;
}

export async function dropFiling(trx: Trx, grant: May): Promise<void> {
  const gone = await trx
    .deleteFrom('filing')
    .where('id', '=', grant.subject.id ?? '')
    .where('state', '=', 'draft')
    .returning('id')
    .executeTakeFirst();
  if (!gone) refuse('filing.not-draft');
}

export interface Submission {
  readonly digest: string;
  readonly way: 'portal' | 'paper' | 'pack';
  readonly as: string;
  /** Who declares it true, as people call them. */
  readonly by: string;
  readonly key: string;
}

/** Freezes the draft of the grant; refuses when the register is no longer what was read. Resolves with its digest. */
export async function submitFiling(trx: Trx, grant: May, given: Submission): Promise<string> {
  const draft = await findFiling(trx, grant.subject.id ?? '');
  if (draft.state !== 'draft') refuse('filing.not-draft');
  await lockSite(trx, draft.site_id);
  const state = await stateIn(trx, draft.site_id, { nowMs: grant.atMs, key: given.key });
  if (readDigest(state.next) !== given.digest) refuse('filing.register-changed');
  checkWhole(state);
  await checkDocuments(trx, draft.site_id, state.next.documents);
  const text = textOf({
    ...state.next,
    attested: { by: given.by, as: given.as, on: state.site.today },
  });
  const digest = digestOf(text);
  const last = await trx
    .selectFrom('filed_change')
    .select((select) => select.fn.max<number | null>('seq').as('seq'))
    .executeTakeFirst();
  await trx
    .updateTable('filing')
    .set({
      ...{ state: 'submitted', kind: state.kind, content: text, digest: Buffer.from(digest, 'hex') },
      ...{ frozen: new Date(grant.atMs), frozen_seq: last?.seq ?? 0, way: given.way },
      ...{ attested_by: given.by, attested_as: given.as, submitted_on: state.site.today },
    })
    .where('id', '=', draft.id)
    .execute();
  return digest;
}

/** What a desk would not take is not sent to one. */
async function checkDocuments(trx: Trx, siteId: string, named: readonly { sha256: string }[]): Promise<void> {
  const found = await documentsOf(
    trx,
    siteId,
    named.map(({ sha256 }) => sha256),
  );
  if (![...found.values()].every(isPdf)) refuse('filing.no-pdf');
}

/** A first filing is whole; a change is filed at once, whatever older paper is missing. */
function checkWhole({ kind, missingFacts, missingDocuments, drift }: SiteFiling): void {
  if (missingFacts.length > 0) refuse('filing.facts', { facts: missingFacts.join(' ') });
  if (kind === 'first' && missingDocuments.length > 0)
    refuse('filing.documents', { documents: missingDocuments.join(' ') });
  if (kind !== 'first' && drift.length === 0) refuse('filing.nothing-new');
}

export type Answer =
  | { readonly outcome: 'received'; readonly receiptNo: string; readonly on: Day; readonly by: string }
  | { readonly outcome: 'returned'; readonly reasons: string; readonly on: Day; readonly by: string };

/** What the organ answered to the filing of the grant. `note`: its signed answer, where there is one. */
export async function answerFiling(trx: Trx, grant: May, given: Answer, note: string | null): Promise<void> {
  const row = await trx
    .selectFrom('filing')
    .innerJoin('site', 'site.id', 'site_id')
    .select(['filing.state', 'filing.submitted_on', 'site.time_zone'])
    .where('filing.id', '=', grant.subject.id ?? '')
    .forUpdate()
    .executeTakeFirst();
  if (!row) refuse('filing.unknown');
  if (row.state !== 'submitted' || row.submitted_on === null) refuse('filing.not-submitted');
  const today = localDay(grant.atMs, row.time_zone);
  checkDay(given.on, row.submitted_on, today);
  await trx
    .updateTable('filing')
    .set({
      ...{
        state: given.outcome,
        answered: new Date(grant.atMs),
        answered_by: given.by,
        answered_on: given.on,
      },
      receipt_no: given.outcome === 'received' ? given.receiptNo : null,
      reasons: given.outcome === 'returned' ? given.reasons : null,
      answer_note: note,
    })
    .where('id', '=', grant.subject.id ?? '')
    .execute();
}

/** A day that is one, between two others: nothing of another era, nothing that has not come. */
export function checkDay(day: string, from: Day, to: Day): void {
  if (!isDay(day) || day < from || day > to) refuse('filing.day', { day, from, to });
}

function isDay(day: string): boolean {
  try {
    parseDay(day);
    return true;
  } catch (error) {
    if (error instanceof CalendarError) return false;
    throw error;
  }
}

export async function stateIn(
  db: Kysely<Tables>,
  siteId: string,
  at: { nowMs: number; key: string },
): Promise<SiteFiling> {
  return (await siteFilings(db, at, [siteId]))[0] ?? refuse('site.unknown');
}

async function lockSite(trx: Trx, id: string): Promise<void> {
  const site = await trx
    .selectFrom('site')
    .select('id')
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!site) refuse('site.unknown');
}

// ---- what a filing tells beside sites and cameras

/** Before this nobody filed such a system. */
const firstDay: Day = '1980-01-01';

export async function changeUnitFacts(
  trx: Trx,
  grant: May,
  given: { creditCode: string; address: string; legalPerson: string; contact: string; phone: string },
): Promise<void> {
  const { creditCode: credit_code, legalPerson: legal_person, address, contact, phone } = given;
  const row = {
    ...{ credit_code, legal_person, address, contact, phone },
    ...{ changed: new Date(grant.atMs), changed_by: grant.by.name },
  };
  await trx
    .insertInto('unit_facts')
    .values(row)
    .onConflict((conflict) => conflict.column('one').doUpdateSet(row))
    .execute();
}

export interface Use {
  readonly organ: string;
  readonly organKey: string | null;
  readonly usedSince: string | null;
  readonly stoppedOn: string | null;
  readonly stoppedWhy: string;
}

export async function changeUse(trx: Trx, grant: May, given: Use): Promise<void> {
  const siteId = grant.subject.id ?? '';
  const site = await trx
    .selectFrom('site')
    .select('time_zone')
    .where('id', '=', siteId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!site) refuse('site.unknown');
  const today = localDay(grant.atMs, site.time_zone);
  for (const day of [given.usedSince, given.stoppedOn]) if (day !== null) checkDay(day, firstDay, today);
  const { usedSince: used_since, stoppedOn: stopped_on } = given;
  if (used_since !== null && stopped_on !== null) checkDay(stopped_on, used_since, today);
  const row = {
    ...{
      organ: given.organ,
      organ_key: given.organKey,
      used_since,
      stopped_on,
      stopped_why: given.stoppedWhy,
    },
    ...{ changed: new Date(grant.atMs), changed_by: grant.by.name },
  };
  await trx
    .insertInto('site_use')
    .values({ site_id: siteId, ...row })
    .onConflict((conflict) => conflict.column('site_id').doUpdateSet(row))
    .execute();
}

// ---- documents

const maxDocumentsOfSite = 200;

/** Resolves with the document's id. */
export async function addDocument(
  trx: Trx,
  grant: May,
  given: {
    readonly kind: (typeof form.documentKinds)[number];
    readonly name: string;
    readonly on: string;
    readonly pdf: string;
  },
): Promise<string> {
  const siteId = grant.subject.id ?? '';
  const site = await trx.selectFrom('site').select('time_zone').where('id', '=', siteId).executeTakeFirst();
  if (!site) refuse('site.unknown');
  checkDay(given.on, firstDay, localDay(grant.atMs, site.time_zone));
  const bytes = fromBase64(given.pdf);
  if (!bytes || !isPdf(bytes)) refuse('filing.no-pdf');
  const { count } = await trx
    .selectFrom('filing_document')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('site_id', '=', siteId)
    .executeTakeFirstOrThrow();
  if (count >= maxDocumentsOfSite) refuse('filing.too-many-documents', { limit: maxDocumentsOfSite });
  const id = newId('doc', grant.atMs);
  try {
    await trx
      .insertInto('filing_document')
      .values({
        ...{ id, site_id: siteId, kind: given.kind, name: given.name, on_day: given.on, bytes },
        ...{ digest: Buffer.from(digestOfBytes(bytes), 'hex'), added: new Date(grant.atMs) },
        ...{ added_by: grant.by.name, ended: null, ended_by: null, ended_reason: null },
      })
      .execute();
  } catch (error) {
    if (brokenConstraint(error) === 'filing_document_bytes_check') refuse('request.too-large');
    throw error;
  }
  return id;
}

export const digestOfBytes = (bytes: Uint8Array): string => digestOf(bytes);

export async function endDocument(trx: Trx, grant: May, id: string, reason: string): Promise<void> {
  const done = await trx
    .updateTable('filing_document')
    .set({ ended: new Date(grant.atMs), ended_by: grant.by.name, ended_reason: reason })
    .where('id', '=', id)
    .where('ended', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (!done) refuse('filing.no-document');
}

/** Added here, or behind a record of the site: then its id is the record's. */
export async function findDocument(db: Kysely<Tables>, id: string) {
  const row = await db.selectFrom('filing_document').selectAll().where('id', '=', id).executeTakeFirst();
  if (row) return row;
  const behind = await db
    .selectFrom('record_document')
    .innerJoin('legal_record', 'legal_record.id', 'record_id')
    .select(['record_id as id', 'site_id', 'kind', 'name', 'on_day', 'bytes', 'sha256 as digest'])
    .select(['record_document.written as added', 'record_document.written_by as added_by'])
    .where('record_id', '=', id)
    .where('camera_id', 'is', null)
    .where('media_type', '=', 'application/pdf')
    .executeTakeFirst();
  return behind ?? refuse('filing.no-document');
}

/** Of a frozen copy: the documents that it names, in their bytes. */
export async function documentsOf(db: Kysely<Tables>, siteId: string, digests: readonly string[]) {
  const rows = await db
    .selectFrom('filing_document')
    .select(['digest', 'bytes'])
    .where('site_id', '=', siteId)
    .where('digest', 'in', [...digests.map((hex) => Buffer.from(hex, 'hex')), Buffer.alloc(0)])
    .execute();
  const behind = await db
    .selectFrom('record_document')
    .innerJoin('legal_record', 'legal_record.id', 'record_id')
    .select(['sha256 as digest', 'bytes'])
    .where('site_id', '=', siteId)
    .where('sha256', 'in', [...digests.map((hex) => Buffer.from(hex, 'hex')), Buffer.alloc(0)])
    .execute();
  return new Map(
    [...rows, ...behind].map(({ digest, bytes }) => [Buffer.from(digest).toString('hex'), bytes]),
  );
}
