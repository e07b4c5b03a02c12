/**
 * Says in time that something is to be filed: at 15, 7, 3 and 1 days and when it is over, once each, in the ledger and to
 * the addresses that are told of trouble. What changed on one day is one clock. What no trigger saw change is written
 * down here with the hour in which it was noticed, so that its clock begins and stays.
 */
import { type Clock, type Log, sayError } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import type { FilingClock } from '../law/index.ts';
import { append, system } from '../ledger/index.ts';
import { tellOf } from '../store/index.ts';
import { sinceOf } from './drift.ts';
import { type SiteFiling, seenSince, siteFilings } from './filing-state.ts';

export interface FilingWatchOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** The unit's verifier key. */
  readonly key: string;
}

const firstMs = 45_000;
const everyMs = 3_600_000;

export class FilingWatch implements AsyncDisposable {
  readonly #at: FilingWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(options: FilingWatchOptions) {
    this.#at = options;
  }

  start(): void {
    this.#timer = setTimeout(() => this.#again(), firstMs);
    this.#timer.unref();
  }

  #again(): void {
    this.#looking = lookAtClocks(this.#at).catch((error: unknown) => {
      this.#at.log.warn({ error: sayError(error) }, 'the clocks of filing could not be looked at');
    });
    this.#timer = setTimeout(() => this.#again(), everyMs);
    this.#timer.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#looking;
  }
}

export const clockName = ({ kind, from }: Pick<FilingClock, 'kind' | 'from'>): string => `${kind} ${from}`;

/** Tells what is due and was not told; resolves with how many. */
export async function lookAtClocks(at: FilingWatchOptions): Promise<number> {
  const states = await siteFilings(at.db.kysely, { nowMs: at.clock.wallMs(), key: at.key });
  let told = 0;
  for (const state of states) {
    await noteUnseen(at, state);
    const running = Map.groupBy(state.clocks, clockName);
    for (const [name, clocks] of running) if (await tell(at, state, name, clocks)) told++;
  }
  return told;
}

async function noteUnseen(
  { db, clock }: FilingWatchOptions,
  { drift, filed, site }: SiteFiling,
): Promise<void> {
  if (!filed || drift.length === 0) return;
  const { id } = site.lawful.facts;
  const seen = await seenSince(db.kysely, id, filed.frozen_seq ?? 0);
  const unseen = drift.filter((each) => sinceOf(each, seen) === null);
  if (unseen.length === 0) return;
  const now = new Date(clock.wallMs());
  await db.kysely
    .insertInto('filed_change')
    .values(
      unseen.map(({ field, cameraId }) => ({
        at: now,
        site_id: id,
        camera_id: cameraId,
        field,
        value: null,
      })),
    )
    .execute();
}

async function tell(
  { db, clock, log }: FilingWatchOptions,
  { site, facts }: SiteFiling,
  name: string,
  clocks: readonly FilingClock[],
): Promise<boolean> {
  const [one] = clocks;
  if (!one || one.warning === null) return false;
  const days = one.state === 'overdue' ? 0 : one.warning;
  const atMs = clock.wallMs();
  const detail = {
    ...{ site: facts.name, kind: one.kind, from: one.from, last: one.last, daysLeft: one.daysLeft, days },
    ...{ items: clocks.length, missingYear: one.missingYear },
  };
  const isNew = await db.kysely.transaction().execute(async (trx) => {
    const row = await trx
      .insertInto('filing_reminder')
      .values({ site_id: facts.id, clock: name, days, last_day: one.last, told: new Date(atMs) })
      .onConflict((conflict) => conflict.doNothing())
      .returning('site_id')
      .executeTakeFirst();
    if (!row) return false;
    await tellOf(trx, atMs, 'filing.reminder', detail);
    await append(trx, {
      ...{ atMs, actor: system, action: 'filing.remind', outcome: 'done' },
      subject: { kind: 'site', id: facts.id, name: facts.name },
      detail,
    });
    return true;
  });
  if (isNew) log.warn({ site: facts.id, clock: name, days, today: site.today }, 'a filing is due');
  return isNew;
}
