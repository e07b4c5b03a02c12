/**
 * The sequencer: takes committed entries into the Merkle tree, one after the other, and signs checkpoints. The row of a
 * leaf is committed first, then its tiles are written, then a checkpoint says so: whatever a crash leaves out is made
 * again from the rows. It never signs a tree that does not continue the last one it signed.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import { type Clock, Fault, type Log, newSecret, rfc3339, sayError } from '../base/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { Cosignatures } from './cosignatures.ts';
import { edgeOfTiles, LedgerFiles } from './files.ts';
import { openLedgerKey } from './key.ts';
import { digestOfRow, newForm } from './leaf.ts';
import {
  type Checkpoint,
  formatCheckpoint,
  formatVerifierKey,
  openCheckpoint,
  type SignerKey,
  signNote,
  type VerifierKey,
} from './note.ts';
import { type Edge, grow, hashOfLeaf, newEdge, partialTiles, rootOf, sameHash } from './tree.ts';

export interface LedgerTreeOptions {
  readonly db: Database;
  /** `DATA/ledger/`. */
  readonly dir: string;
  /** `DATA/keys/`. */
  readonly keysDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Who may cosign checkpoints. */
  readonly witnesses?: readonly VerifierKey[];
}

/** "custos l" in ASCII: one sequencer at a time on one database. */
const lockKey = 0x637573746f6c;
const turnEveryMs = 1_000;
/** Well within the minute that is promised; each is a signature, five small files and 250 bytes for ever. */
const signEveryMs = 10_000;
/** Entries looked at in one transaction, and the most that become leaves in it. */
const pageRows = 4_000;
/** At the end of the program; what is left is taken in at the next start. */
const lastTurnMs = 3_000;
const saltBytes = 32;

interface Signed extends Checkpoint {
  readonly note: string;
}

/** Transactions that were writing to the ledger when its sequence stood at `top`. */
interface Horizon {
  readonly top: number;
  readonly writers: readonly string[];
}

/** A page of entries that was gone through: the new leaves, and how far it went. */
interface Page {
  readonly digests: readonly Uint8Array[];
  readonly last: number;
  readonly isMore: boolean;
}

export async function openLedgerTree(options: LedgerTreeOptions): Promise<LedgerTree> {
  const files = new LedgerFiles(options.dir);
  const key = await openLedgerKey(options.keysDir, options.clock);
  const tree = new LedgerTree(options, files, key);
  await tree.begin();
  return tree;
}

export class LedgerTree implements AsyncDisposable {
  readonly files: LedgerFiles;
  readonly cosignatures: Cosignatures;
  readonly #at: LedgerTreeOptions;
  readonly #log: Log;
  readonly #key: SignerKey;
  #edge: Edge = newEdge();
  #signed: Signed | undefined;
  #signedAtMs = 0;
  #signedAt: number | null = null;
  /** Every seq up to here is in the tree or will never exist. */
  #settled = 0;
  #horizon: Horizon | undefined;
  #halted: string | null = null;
  /** What is in memory may not be what is in the rows and the tiles: a step between them failed. */
  #isStale = true;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isEnding = false;
  #endByMs = Number.POSITIVE_INFINITY;

  constructor(at: LedgerTreeOptions, files: LedgerFiles, key: SignerKey) {
    this.#at = at;
    this.files = files;
    this.#key = key;
    this.#log = at.log.child({ part: 'ledger' });
    const { witnesses = [], clock } = at;
    this.cosignatures = new Cosignatures({ files, log: key, witnesses, clock, out: this.#log });
  }

  /** `name+id+key`, for who wants to verify. */
  get verifierKey(): string {
    return formatVerifierKey(this.#key);
  }

  /** The newest checkpoint; there is one from the first start on, of a tree without leaves. */
  get signed(): Signed {
    if (!this.#signed) throw new Fault('the ledger has no checkpoint yet', { retry: true });
    return this.#signed;
  }

  /** When this process last signed; null before. */
  get signedAtMs(): number | null {
    return this.#signedAt;
  }

  /** Why nothing is signed any more: the rows contradict the last checkpoint. Null when all is well. */
  get halted(): string | null {
    return this.#halted;
  }

  async begin(): Promise<void> {
    await this.files.writeKey(this.#key);
    await this.cosignatures.load();
    await this.#queue(() => this.#firstTurn());
    this.#schedule();
  }

  /** Of an old ledger it goes through every entry once, for seconds: that may be done while all else starts. */
  async #firstTurn(): Promise<void> {
    await this.#load();
    if (!this.#signed && this.#halted === null) await this.#sign();
  }

  /** Takes in what is committed now and signs it. */
  settle(): Promise<void> {
    return this.#queue(() => this.#turn(true));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#endByMs = this.#at.clock.monoMs() + lastTurnMs;
    clearTimeout(this.#timer);
    try {
      await this.settle();
    } catch (error) {
      // Nothing is lost: the next start takes the rows in.
      this.#log.warn({ error: sayError(error) }, 'the last entries are not in a checkpoint yet');
    }
  }

  #schedule(): void {
    if (this.#isEnding) return;
    this.#timer = setTimeout(async () => {
      try {
        await this.#queue(() => this.#turn(false));
      } catch (error) {
        const isPassing = error instanceof Fault && error.retry;
        this.#log[isPassing ? 'debug' : 'error']({ error: sayError(error) }, 'entries wait for the tree');
      }
      this.#schedule();
    }, turnEveryMs);
    this.#timer.unref();
  }

  /** One turn at a time; a failed one does not hold up the next. */
  #queue(turn: () => Promise<void>): Promise<void> {
    this.#running = this.#running.then(turn, turn);
    return this.#running;
  }

  async #turn(isSignedNow: boolean): Promise<void> {
    if (this.#isStale) await this.#load();
    if (this.#halted !== null) return;
    await this.#takeIn();
    const isDue = isSignedNow || this.#at.clock.monoMs() - this.#signedAtMs >= signEveryMs;
    if (!isDue || this.#halted !== null || this.#isStale || this.#signed?.size === this.#edge.size) return;
    await this.#sign();
  }

  /**
   * One pass over everything that is not settled. Rows become visible in another order than their seq was given; so a
   * seq counts as settled only when all that were writing when it was given have ended before the pass began.
   */
  async #takeIn(): Promise<void> {
    const { kysely } = this.#at.db;
    const now = await readHorizon(kysely);
    this.#horizon ??= now;
    const before = this.#horizon;
    const isOver = !before.writers.some((writer) => now.writers.includes(writer));
    const settled = isOver ? Math.max(before.top, now.writers.length === 0 ? now.top : 0) : this.#settled;
    let last = this.#settled;
    for (let isMore = true; isMore; ) {
      if (this.#at.clock.monoMs() > this.#endByMs) return;
      const page = await kysely.transaction().execute((trx) => this.#chain(trx, last));
      if (page === null) return; // Another sequencer is at it, or was: nothing may be concluded.
      this.#isStale = true;
      for (const digest of page.digests) await this.#grow(digest);
      this.#isStale = false;
      ({ last, isMore } = page);
    }
    this.#settled = Math.max(this.#settled, settled);
    if (isOver) this.#horizon = now;
  }

  /** Null when the lock is another's, or the rows are not those we know: then all is read anew. */
  async #chain(trx: Transaction<Tables>, after: number): Promise<Page | null> {
    const { rows } = await sql<{ ours: boolean; next: number }>`
      select pg_try_advisory_xact_lock(${lockKey}) ours, (select coalesce(max(leaf) + 1, 0) from ledger_leaf) next
    `.execute(trx);
    if (!rows[0]?.ours) return null;
    if (rows[0].next !== this.#edge.size) {
      this.#isStale = true;
      return null;
    }
    const page = await readPage(trx, after);
    const leaves = (await rowsOf(trx, page.unchained)).map((row, i) => {
      const salt = Buffer.from(newSecret(saltBytes), 'base64url');
      const digest = digestOfRow(row, { salt, form: newForm }, null)!;
      return { leaf: this.#edge.size + i, seq: row.seq, salt, digest, form: newForm };
    });
    if (leaves.length > 0) await trx.insertInto('ledger_leaf').values(leaves).execute();
    const isMore = page.rows === pageRows;
    return { digests: leaves.map(({ digest }) => digest), last: page.last ?? after, isMore };
  }

  async #grow(digest: Uint8Array): Promise<void> {
    for (const { level, index, hashes } of grow(this.#edge, hashOfLeaf(digest)))
      await this.files.writeTile(level, index, hashes);
  }

  async #writePartialTiles(): Promise<void> {
    for (const { level, index, hashes } of partialTiles(this.#edge))
      await this.files.writeTile(level, index, hashes);
  }

  async #sign(): Promise<void> {
    const checkpoint = { origin: this.#key.name, size: this.#edge.size, root: rootOf(this.#edge) };
    await this.#writePartialTiles();
    const note = signNote(formatCheckpoint(checkpoint), this.#key);
    await this.files.keepCheckpoint(note, rfc3339(this.#at.clock.wallMs()).slice(0, 10));
    this.#signed = { ...checkpoint, note };
    this.#signedAtMs = this.#at.clock.monoMs();
    this.#signedAt = this.#at.clock.wallMs();
  }

  /** The edge as of the last checkpoint, from its tiles or else from the rows, and then what was taken in since. */
  async #load(): Promise<void> {
    this.#signed = await this.#lastSigned();
    const size = this.#signed?.size ?? 0;
    const leaves = await countLeaves(this.#at.db.kysely);
    const known = await edgeOfTiles(this.files, size);
    let isRight = known !== null && this.#isSigned(known);
    if (!isRight) this.#log.warn({ size }, 'tiles of the ledger are missing or damaged; they are made anew');
    this.#edge = known !== null && isRight ? known : newEdge();
    for await (const digest of digestsFrom(this.#at.db.kysely, this.#edge.size)) {
      await this.#grow(digest);
      if (isRight || this.#edge.size !== size) continue;
      isRight = this.#isSigned(this.#edge);
      if (!isRight) return this.#halt('its rows have another root');
      await this.#writePartialTiles();
    }
    if (leaves < size || this.#edge.size < leaves) return this.#halt('leaves are missing in the database');
    this.#isStale = false;
  }

  #isSigned(edge: Edge): boolean {
    return !this.#signed || (edge.size === this.#signed.size && sameHash(rootOf(edge), this.#signed.root));
  }

  #halt(why: string): void {
    this.#halted = why;
    const size = this.#signed?.size ?? 0;
    this.#log.error({ size, why }, 'the ledger contradicts its last checkpoint: nothing is signed any more');
  }

  async #lastSigned(): Promise<Signed | undefined> {
    const note = await this.files.newest();
    if (note === null) return undefined;
    const checkpoint = openCheckpoint(note, this.#key);
    if (!checkpoint) throw new Fault('the newest checkpoint of the ledger is not signed by keys/ledger.key');
    return { ...checkpoint, note };
  }
}

/** First where the sequence stands, then who writes: whoever was given a seq up to there is still listed, or has ended. */
async function readHorizon(db: Kysely<Tables>): Promise<Horizon> {
  const top = await sql<{ top: number }>`
    select case when is_called then last_value else last_value - 1 end top from ledger_seq_seq`.execute(db);
  const writers = await sql<{ writer: string }>`
    select distinct virtualtransaction writer from pg_locks
    where locktype = 'relation' and relation = 'ledger'::regclass and mode = 'RowExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())
  `.execute(db);
  return { top: top.rows[0]?.top ?? 0, writers: writers.rows.map(({ writer }) => writer) };
}

/**
 * The next entries by seq, and which of them are no leaves yet. Only the page is joined: asked for unchained entries
 * alone, PostgreSQL would join both tables whole, for every batch.
 */
async function readPage(trx: Transaction<Tables>, after: number) {
  const { rows } = await sql<{ last: number | null; rows: number; unchained: number[] }>`
    select max(page.seq) last, count(*) rows,
      coalesce(json_agg(page.seq) filter (where ledger_leaf.seq is null), '[]') unchained
    from (select seq from ledger where seq > ${after} order by seq limit ${pageRows}) page
    left join ledger_leaf on ledger_leaf.seq = page.seq
  `.execute(trx);
  return rows[0] ?? { last: null, rows: 0, unchained: [] };
}

async function rowsOf(trx: Transaction<Tables>, seqs: number[]) {
  if (seqs.length === 0) return [];
  const isNamed = sql<boolean>`seq = any(${seqs}::int8[])`;
  return trx.selectFrom('ledger').selectAll().where(isNamed).orderBy('seq').execute();
}

const digestRows = 10_000;

/** The data of the leaves from one on, as far as they follow each other without a hole. */
async function* digestsFrom(db: Kysely<Tables>, first: number): AsyncGenerator<Uint8Array> {
  for (let next = first; ; ) {
    const rows = await db
      .selectFrom('ledger_leaf')
      .select(['leaf', 'digest'])
      .where('leaf', '>=', next)
      .orderBy('leaf')
      .limit(digestRows)
      .execute();
    for (const { leaf, digest } of rows) {
      if (leaf !== next) return;
      yield digest;
      next++;
    }
    if (rows.length < digestRows) return;
  }
}

async function countLeaves(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom('ledger_leaf')
    .select(({ fn }) => fn.max('leaf').as('last'))
    .executeTakeFirst();
  return row?.last === null || row?.last === undefined ? 0 : Number(row.last) + 1;
}
