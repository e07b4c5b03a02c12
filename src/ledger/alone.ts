/**
 * Entries without a change beside them: a view, a refusal, how an effect went. Each caller goes on when its entry is
 * durable; those that come while others are being written are written together, in one statement and one commit.
 */
import { type Kysely, sql } from 'kysely';
import { Fault } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Entry } from './entry.ts';
import { rowOf } from './row.ts';

/** In one statement. */
const maxTogether = 500;
/** Callers that wait; the next is told to come back. */
const maxWaiting = 10_000;

interface Waiting {
  readonly row: ReturnType<typeof rowOf>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

class Writer {
  readonly #db: Kysely<Tables>;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  write(entry: Entry): Promise<void> {
    if (this.#waiting.length >= maxWaiting)
      throw new Fault('too many entries wait for the ledger', { retry: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ row: rowOf(entry), done: resolve, failed: reject });
    if (!this.#isWriting) void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, maxTogether);
      try {
        await insert(this.#db, batch);
        for (const { done } of batch) done();
      } catch (error) {
        await this.#oneByOne(batch, error);
      }
    }
    this.#isWriting = false;
  }

  /** One that the database refuses must not take the others with it. */
  async #oneByOne(batch: readonly Waiting[], error: unknown): Promise<void> {
    const isPassing = error instanceof Fault && error.retry;
    if (batch.length === 1 || isPassing) {
      for (const { failed } of batch) failed(error);
      return;
    }
    for (const one of batch) await insert(this.#db, [one]).then(one.done, one.failed);
  }
}

async function insert(db: Kysely<Tables>, batch: readonly Waiting[]): Promise<void> {
  const of = <K extends keyof Waiting['row']>(column: K) => batch.map(({ row }) => row[column]);
  await sql`
    insert into ledger (at, actor_id, actor, session_id, from_address, action, outcome, code, subject_kind,
      subject_id, subject_name, reason, detail)
    select * from unnest(${of('at')}::timestamptz[], ${of('actor_id')}::text[], ${of('actor')}::text[],
      ${of('session_id')}::text[], ${of('from_address')}::text[], ${of('action')}::text[], ${of('outcome')}::text[],
      ${of('code')}::text[], ${of('subject_kind')}::text[], ${of('subject_id')}::text[],
      ${of('subject_name')}::text[], ${of('reason')}::text[], ${of('detail')}::jsonb[])
  `.execute(db);
}

const writers = new WeakMap<Kysely<Tables>, Writer>();

/** Resolves when it is durable. */
export async function appendAlone(db: Kysely<Tables>, entry: Entry): Promise<void> {
  let writer = writers.get(db);
  if (!writer) {
    writer = new Writer(db);
    writers.set(db, writer);
  }
  return writer.write(entry);
}
