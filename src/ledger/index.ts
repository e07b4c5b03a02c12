/**
 * Floor 4, the ledger: the append-only record of everything that was decided and done. A row is written in the
 * caller's transaction, so that a change and its row exist together or not at all; the sequencer then takes it into a
 * Merkle tree whose signed heads nobody can take back.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Entry } from './entry.ts';
import { rowOf } from './row.ts';

export { appendAlone } from './alone.ts';
export { readWitnessKeys, silentMs, type WitnessState } from './cosignatures.ts';
export { type Actor, canonicalEntry, canonicalJson, type Entry, type EntrySubject, system } from './entry.ts';
export { type Examination, examineLedger } from './examine.ts';
export { LedgerFiles } from './files.ts';
export type { Finding, FirstWrong } from './finding.ts';
export { httpLog } from './http-log.ts';
export { openKey } from './key.ts';
export {
  cosignature,
  formatVerifierKey,
  isKeyName,
  openNote,
  parseVerifierKey,
  type SignerKey,
  signNote,
  type VerifierKey,
} from './note.ts';
export { type EntryProof, entryBundle, isOwnTree, proveConsistency, proveEntry } from './proof.ts';
export { type PersonalField, personalFields, redact, redactedFields, scrub } from './redaction.ts';
export { LedgerTree, openLedgerTree } from './sequencer.ts';
export { parseTilePath, tileWidth, tileWidthAt } from './tree.ts';
export { type Alarm, lockFolder, openWitnessKey, Witness } from './witness.ts';

/** Writes the row and returns its place; `trx` is the transaction that holds the change. */
export async function append(trx: Transaction<Tables>, entry: Entry): Promise<number> {
  const row = await trx.insertInto('ledger').values(rowOf(entry)).returning('seq').executeTakeFirstOrThrow();
  return row.seq;
}

/** Many at once, in their order, for what comes by the minute from every camera. */
export async function appendAll(trx: Transaction<Tables>, entries: readonly Entry[]): Promise<void> {
  if (entries.length > 0) await trx.insertInto('ledger').values(entries.map(rowOf)).execute();
}

export async function findEntry(db: Kysely<Tables>, seq: number) {
  const row = await db.selectFrom('ledger').selectAll().where('seq', '=', seq).executeTakeFirst();
  return row ?? refuse('ledger.unknown');
}

/** The entry of a segment's file, one for each: by far the most, and hidden unless asked for. */
export const segmentStored = 'segment.stored';

export interface LedgerFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: 'done' | 'refused' | 'failed' | undefined;
  /** A person's id. */
  readonly actor?: string | undefined;
  /** A subject's id or kind. */
  readonly subject?: string | undefined;
  /** With the entries of single segments; else they are left out, unless they are what is asked for. */
  readonly segments?: boolean | undefined;
  /** RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** One page, newest first. `next` is the cursor of the page behind it, absent on the last. */
export async function list(db: Kysely<Tables>, filter: LedgerFilter) {
  const before = filter.cursor === undefined ? undefined : seqOfCursor(filter.cursor);
  const rows = await db
    .selectFrom('ledger')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('seq', '<', before!))
    .$if(filter.action !== undefined, (query) => query.where('action', '=', filter.action!))
    .$if(filter.outcome !== undefined, (query) => query.where('outcome', '=', filter.outcome!))
    .$if(filter.actor !== undefined, (query) => query.where('actor_id', '=', filter.actor!))
    .$if(filter.subject !== undefined, (query) =>
      query.where((or) =>
        or.or([or('subject_id', '=', filter.subject!), or('subject_kind', '=', filter.subject!)]),
      ),
    )
    .$if(filter.from !== undefined, (query) => query.where('at', '>=', new Date(filter.from!)))
    .$if(filter.to !== undefined, (query) => query.where('at', '<', new Date(filter.to!)))
    .$if(!withSegments(filter), (query) => query.where('action', '<>', sql.lit(segmentStored)))
    .orderBy('seq', 'desc')
    .limit(filter.limit + 1)
    .execute();
  const items = rows.slice(0, filter.limit);
  const last = items.at(-1);
  return rows.length > filter.limit && last ? { items, next: String(last.seq) } : { items };
}

/** Asked for, by name or by subject. */
const withSegments = ({ segments, action, subject }: LedgerFilter): boolean =>
  segments === true || action === segmentStored || subject !== undefined;

function seqOfCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) refuse('request.malformed', { what: 'cursor' });
  return Number(cursor);
}
