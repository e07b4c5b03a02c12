/** Runs of the server: when the last one was there, and whether it was stopped or died. */
import { type Clock, type Log, newId, sayError } from '../base/index.ts';
import type { Database } from '../db/index.ts';

export interface EarlierRun {
  /** Until here it was there for certain. */
  readonly untilMs: number;
  readonly wasStopped: boolean;
}

const aliveEveryMs = 5_000;

export async function lastRun(db: Database): Promise<EarlierRun | null> {
  const row = await db.kysely
    .selectFrom('run')
    .select(['alive', 'ended'])
    .orderBy('started', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ? { untilMs: (row.ended ?? row.alive).getTime(), wasStopped: row.ended !== null } : null;
}

/** This run. Disposed: it was stopped in order. */
export class Run implements AsyncDisposable {
  readonly #at: { db: Database; clock: Clock; log: Log };
  readonly #id: string;
  readonly #timer: NodeJS.Timeout;
  #moving: Promise<void> = Promise.resolve();

  static async begin(at: { db: Database; clock: Clock; log: Log }): Promise<Run> {
    const now = new Date(at.clock.wallMs());
    const id = newId('run', now.getTime());
    await at.db.kysely.insertInto('run').values({ id, started: now, alive: now, ended: null }).execute();
    return new Run(at, id);
  }

  private constructor(at: { db: Database; clock: Clock; log: Log }, id: string) {
    this.#at = at;
    this.#id = id;
    this.#timer = setInterval(() => {
      this.#moving = this.#moving.then(() => this.#move());
    }, aliveEveryMs);
    this.#timer.unref();
  }

  async #move(): Promise<void> {
    await this.#set({ alive: new Date(this.#at.clock.wallMs()) }).catch((error: unknown) => {
      this.#at.log.debug({ error: sayError(error) }, 'the run could not be marked alive');
    });
  }

  async #set(fields: { alive: Date; ended?: Date }): Promise<void> {
    await this.#at.db.kysely.updateTable('run').set(fields).where('id', '=', this.#id).execute();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#moving;
    const now = new Date(this.#at.clock.wallMs());
    await this.#set({ alive: now, ended: now });
  }
}
