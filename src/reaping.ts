/** The reaper, put together: whose files it may remove, whose keys it destroys, and what else it clears. */
import { type Clock, type Log, machineUptime } from './base/index.ts';
import type { Database } from './db/index.ts';
import type { KeyRing } from './engine/index.ts';
import { forgetSignIns } from './gate/index.ts';
import {
  type Buckets,
  bucketShelf,
  endedBefore,
  folderShelf,
  type Keeper,
  logPeriod,
  Reaper,
  type Shelf,
  type Volumes,
} from './store/index.ts';

export interface ReapingAt {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly keys: KeyRing;
  readonly keeper: Keeper;
  readonly volumes: Volumes;
  /** Null: none are known here. */
  readonly buckets: Pick<Buckets, 'wire'> | null;
}

export function openReaper(at: ReapingAt): Reaper {
  const { db, clock, log, keys, keeper, volumes } = at;
  const reaper = new Reaper({
    ...{ db, clock, log, keys, uptime: machineUptime },
    shelfOf: async (id) => shelfOf(at, id),
    volumeIds: async () => volumes.states().map(({ id }) => id),
    isFresh: (source, day) =>
      keeper.fresh().some((segment) => segment.source === source && isoDay(segment.startMs) === day),
    alsoClear: clearLogs({ db, clock }),
  });
  // What is recorded while the clock is wrong must be known to be, however soon it is set right.
  keeper.onClockStepped(() => reaper.wake());
  return reaper;
}

/** What the reaper clears besides footage: records of sign-ins whose period is over. */
export const clearLogs =
  ({ db, clock }: { readonly db: Database; readonly clock: Clock }) =>
  async (nowMs: number): Promise<void> => {
    await forgetSignIns({ db, clock }, endedBefore(await logPeriod(db.kysely), nowMs));
  };

const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Null: it is not there now, or a person ordered that nothing of it is deleted. */
function shelfOf({ volumes, buckets }: ReapingAt, id: string): Shelf | null {
  const wire = buckets?.wire(id);
  if (wire) return bucketShelf(wire);
  const state = volumes.states().find((volume) => volume.id === id);
  const isUsable = state && state.kind === 'folder' && state.state !== 'read-only' && volumes.isThere(id);
  return isUsable ? folderShelf(state.path, volumes.watch) : null;
}
