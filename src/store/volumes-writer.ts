/**
 * What happens to volumes, on its way to the database: in order, each with its ledger row in one transaction, tried
 * again while the database is away. Streams never wait for it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import { type Clock, Fault, type Log, sayError } from '../base/index.ts';
import type { Deed } from '../contract/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { append, system } from '../ledger/index.ts';

export type Detail = Readonly<Record<string, string | number>>;

export interface Happened {
  readonly deed: Deed;
  /** What webhooks are told it is; null: nobody outside needs to know. */
  readonly event: string | null;
  readonly volume: { readonly id: string; readonly name: string } | null;
  readonly camera: { readonly id: string; readonly name: string } | null;
  readonly detail: Detail;
}

type Job = { readonly what: Happened | null; readonly work: (trx: Transaction<Tables>) => Promise<unknown> };

/** A night without the database; then the oldest go, and the log has them. */
const maxJobs = 5_000;
const firstWaitMs = 200;
const mostWaitMs = 5_000;

export class VolumeWriter implements AsyncDisposable {
  readonly #at: { readonly db: Database; readonly clock: Clock; readonly log: Log };
  readonly #jobs: { job: Job; atMs: number }[] = [];
  readonly #ending = new AbortController();
  #running: Promise<void> | null = null;

  constructor(at: { readonly db: Database; readonly clock: Clock; readonly log: Log }) {
    this.#at = at;
  }

  /** Rows that follow what happened, and what happened itself. */
  write(what: Happened | null, work: (trx: Transaction<Tables>) => Promise<unknown> = async () => {}): void {
    if (this.#jobs.length >= maxJobs) {
      const lost = this.#jobs.shift();
      this.#at.log.error({ ...lost?.job.what }, 'the database was away for too long: a row is lost');
    }
    this.#jobs.push({ job: { what, work }, atMs: this.#at.clock.wallMs() });
    if (what) this.#at.log.warn({ ...what }, 'storage');
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Resolves when all is written that was told so far. */
  async written(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    let waitMs = firstWaitMs;
    while (this.#jobs.length > 0 && !this.#ending.signal.aborted) {
      const next = this.#jobs[0]!;
      try {
        await this.#at.db.kysely.transaction().execute((trx) => this.#writeOne(trx, next));
        this.#jobs.splice(this.#jobs.indexOf(next), 1);
        waitMs = firstWaitMs;
      } catch (error) {
        if (!(error instanceof Fault && error.retry)) {
          this.#at.log.error({ ...next.job.what, error: sayError(error) }, 'a row cannot be written');
          this.#jobs.splice(this.#jobs.indexOf(next), 1);
          continue;
        }
        await wait(waitMs, undefined, { signal: this.#ending.signal }).catch(() => {});
        waitMs = Math.min(waitMs * 2, mostWaitMs);
      }
    }
  }

  async #writeOne(trx: Transaction<Tables>, { job, atMs }: { job: Job; atMs: number }): Promise<void> {
    await job.work(trx);
    const { what } = job;
    if (!what) return;
    const { volume, camera, detail } = what;
    const subject = camera ? { kind: 'camera', ...camera } : volume ? { kind: 'volume', ...volume } : null;
    const named = camera && volume ? { volume: volume.name } : {};
    await append(trx, {
      ...{ atMs, actor: system, action: what.deed, outcome: 'done', subject },
      detail: { ...named, ...detail },
    });
    if (what.event === null) return;
    const names = { ...(volume ? { volume: volume.name } : {}), ...(camera ? { camera: camera.name } : {}) };
    await trx
      .insertInto('storage_event')
      .values({
        ...{
          at: new Date(atMs),
          kind: what.event,
          volume_id: volume?.id ?? null,
          camera_id: camera?.id ?? null,
        },
        detail: JSON.stringify({ ...names, ...detail }),
      })
      .execute();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const late = wait(2_000, undefined, { signal: this.#ending.signal }).catch(() => {});
    await Promise.race([this.written(), late]);
    this.#ending.abort();
  }
}
