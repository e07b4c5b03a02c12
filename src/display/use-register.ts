/**
 * The use register: rows of views, and the ledger's line of how each went. What happens behind the person's back (an
 * expiry, the seconds delivered) is written in order by one writer that waits while the database is away.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import { type Clock, Fault, type Log, sayError } from '../base/index.ts';
import type { Deed } from '../contract/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { append, type Entry } from '../ledger/index.ts';
import type { View, ViewEnd } from './view.ts';

type Work = (trx: Transaction<Tables>) => Promise<void>;

/** Ten thousand views ended while the database was away: the oldest lines are given up, and the log says so. */
const maxWaiting = 10_000;
const retryMs = 500;
const endWithinMs = 3_000;

export class UseRegister implements AsyncDisposable {
  readonly #at: { readonly db: Database; readonly clock: Clock; readonly log: Log };
  readonly #ending = new AbortController();
  #waiting: Work[] = [];
  #writing: Promise<void> | null = null;

  constructor(at: { readonly db: Database; readonly clock: Clock; readonly log: Log }) {
    this.#at = at;
  }

  async opened(trx: Transaction<Tables>, view: View): Promise<void> {
    await trx
      .insertInto('view')
      .values({
        id: view.id,
        camera_id: view.camera.id,
        person_id: view.who.personId,
        session_id: view.who.sessionId,
        kind: view.kind,
        stream: view.stream,
        from_ms: view.fromMs,
        to_ms: view.toMs,
        purpose: view.purpose,
        permission_id: view.permissionId,
        purpose_code: view.purposeCode,
        ...{ shift_id: view.shiftId, for_whom: view.forWhom, authority: view.authority },
        // As they are called at this moment: a register does not change when a person marries.
        unit: sql<string>`(select name from unit)`,
        person_name: view.who.displayName,
        transcoded: view.transcoded,
        opened: new Date(view.openedMs),
        expires: new Date(view.expiresMs),
        ended: null,
        ended_why: null,
      })
      .execute();
  }

  async renewed(id: string, expiresMs: number): Promise<void> {
    await this.#at.db.kysely
      .updateTable('view')
      .set({ expires: new Date(expiresMs) })
      .where('id', '=', id)
      .execute();
  }

  ended(view: View, why: ViewEnd, atMs: number): void {
    this.#later(async (trx) => {
      await trx
        .updateTable('view')
        .set({ ended: new Date(atMs), ended_why: why })
        .where('id', '=', view.id)
        .where('ended', 'is', null)
        .execute();
    });
  }

  /** Pictures and files that were handed out of it. */
  counted(id: string, more: { stills?: number; exports?: number; bytes?: number }): void {
    const { stills = 0, exports = 0, bytes = 0 } = more;
    this.#later(async (trx) => {
      await trx
        .updateTable('view')
        .set((set) => ({
          stills: set('stills', '+', stills),
          exports: set('exports', '+', exports),
          export_bytes: set('export_bytes', '+', bytes),
        }))
        .where('id', '=', id)
        .execute();
    });
  }

  /** How it went: the seconds delivered, in the row and in the second line of the ledger. */
  said(view: View, why: string, more: Record<string, unknown>): void {
    const { who, camera } = view;
    const entry: Entry = {
      atMs: this.#at.clock.wallMs(),
      actor: { personId: who.personId, name: who.name, sessionId: who.sessionId, from: who.from },
      action: 'view.end' satisfies Deed,
      outcome: 'done',
      subject: { kind: 'camera', id: camera.id, name: camera.name },
      detail: { view: view.id, why, deliveredS: Math.round(view.deliveredS * 10) / 10, ...more },
    };
    const delivered = view.deliveredS;
    this.#later(async (trx) => {
      await trx.updateTable('view').set({ delivered_s: delivered }).where('id', '=', view.id).execute();
      await append(trx, entry);
    });
  }

  #later(work: Work): void {
    this.#waiting.push(work);
    if (this.#waiting.length > maxWaiting) {
      this.#waiting.shift();
      this.#at.log.error({}, 'a line of the use register was given up: the database is away for too long');
    }
    this.#start();
  }

  #start(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      if (this.#waiting.length > 0 && !this.#ending.signal.aborted) this.#start();
    });
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#ending.signal.aborted) {
      const work = this.#waiting[0]!;
      try {
        await this.#at.db.kysely.transaction().execute(work);
      } catch (error) {
        if (error instanceof Fault && error.retry) {
          // Rejects only when we are to end.
          await wait(retryMs, undefined, { signal: this.#ending.signal }).catch(() => {});
          continue;
        }
        this.#at.log.error({ error: sayError(error) }, 'a line of the use register cannot be written');
      }
      if (this.#waiting[0] === work) this.#waiting.shift();
    }
  }

  /** Resolves when all lines are written, or after a moment. */
  async settled(withinMs: number): Promise<void> {
    const untilMs = this.#at.clock.monoMs() + withinMs;
    while (this.#writing !== null && this.#at.clock.monoMs() < untilMs) {
      await Promise.race([
        this.#writing,
        wait(Math.max(1, untilMs - this.#at.clock.monoMs()), undefined, { ref: false }),
      ]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled(endWithinMs);
    this.#ending.abort();
    if (this.#waiting.length > 0)
      this.#at.log.error({ lines: this.#waiting.length }, 'lines of the use register were not written');
  }
}
