/**
 * Volumes that cannot be used: noticed by looking or by a write that failed, and used again when they were good for a
 * while and what lies on them was taken into the index.
 */
import { sayError } from '../base/index.ts';
import type { Fact } from '../engine/index.ts';
import { type Fleet, type Held, named } from './volumes-held.ts';
import type { Room } from './volumes-room.ts';
import type { Trouble } from './volumes-watch.ts';

/** A volume that is back is used once it was good for so long. */
export const backMs = 3_000;
/** One that failed with an error is given longer, and longer each time. */
const backAfterErrorMs = 30_000;
const mostBackMs = 600_000;
const slowMs = 60_000;

export class Away {
  readonly #fleet: Fleet;
  readonly #room: Room;
  readonly #replace: () => void;

  /** `replace` gives every camera its volume anew. */
  constructor(fleet: Fleet, room: Room, replace: () => void) {
    this.#fleet = fleet;
    this.#room = room;
    this.#replace = replace;
  }

  /** A write that failed is known here sooner than by looking. */
  hear(fact: Fact): void {
    if (fact.kind !== 'gap-opened' || fact.cause !== 'disk') return;
    const cameraId = fact.source.slice(0, fact.source.lastIndexOf('.'));
    const held = this.#fleet.held.get(this.#fleet.placements.get(cameraId)?.volumeId ?? '');
    const code = String(fact.detail.problem ?? '');
    const named = fact.detail.volume;
    // What we told the engine ourselves comes back as a fact.
    if (ownWords.has(code)) return;
    if (!held || held.away || (named !== undefined && named !== held.volume.name)) return;
    // No room where there is room: its own device, or its list of files, is at an end.
    const isContradicted = ['ENOSPC', 'EDQUOT'].includes(code) && this.#room.of(held) > 0;
    if (passing.has(code) && !isContradicted) held.slowUntilMs = this.#fleet.at.clock.monoMs() + slowMs;
    else this.lose(held, troubleOf[code] ?? 'io');
    this.#replace();
  }

  judge(held: Held, nowMs: number): boolean {
    const problem: Trouble | null = this.#fleet.watch.isStuck(held.row.id)
      ? 'stuck'
      : (this.#fleet.watch.report(held.row.id)?.problem ?? null);
    if (!held.away) {
      if (problem !== null) this.lose(held, problem);
      return problem !== null;
    }
    if (problem !== null && problem !== held.away.why) this.#restate(held, problem);
    const isGood = problem === null && this.#fleet.watch.report(held.row.id) !== null;
    held.goodSinceMs = isGood ? (held.goodSinceMs ?? nowMs) : null;
    if (held.goodSinceMs !== null && nowMs - held.goodSinceMs >= held.backAfterMs) void this.#takeBack(held);
    return false;
  }

  lose(held: Held, why: Trouble): void {
    const sinceMs = this.#fleet.at.clock.wallMs();
    const monoMs = this.#fleet.at.clock.monoMs();
    held.away = { sinceMs, why };
    held.goodSinceMs = null;
    const again = monoMs - held.failedAtMs < mostBackMs ? held.backAfterMs * 2 : 0;
    held.backAfterMs = why === 'io' ? Math.min(mostBackMs, Math.max(backAfterErrorMs, again)) : backMs;
    held.failedAtMs = monoMs;
    const cameras = [...this.#fleet.placements.values()].filter(
      ({ volumeId }) => volumeId === held.row.id,
    ).length;
    this.#fleet.writer.write(
      {
        ...{ deed: 'volume.away', event: 'volume-away', volume: named(held.row), camera: null },
        detail: { why, path: held.row.path, cameras },
      },
      async (trx) => {
        const away = { away: new Date(sinceMs), away_why: why };
        await trx.updateTable('volume').set(away).where('id', '=', held.row.id).execute();
      },
    );
    this.#fleet.sayChanged();
  }

  /** Away for another reason than was seen first: a write that failed says less than a look. */
  #restate(held: Held, why: Trouble): void {
    held.away = { sinceMs: held.away!.sinceMs, why };
    this.#fleet.writer.write(null, async (trx) => {
      await trx.updateTable('volume').set({ away_why: why }).where('id', '=', held.row.id).execute();
    });
    this.#fleet.sayChanged();
  }

  /** Checked, surveyed, and only then used again: what lies there belongs into the index first. */
  async #takeBack(held: Held): Promise<void> {
    if (held.isBeingSurveyed || !held.away) return;
    held.isBeingSurveyed = true;
    const { sinceMs } = held.away;
    try {
      await this.#fleet.at.survey(held.volume, sinceMs - 10 * 60_000);
      held.away = null;
      this.#fleet.writer.write(
        {
          ...{ deed: 'volume.back', event: 'volume-back', volume: named(held.row), camera: null },
          detail: {
            path: held.row.path,
            minutes: Math.round((this.#fleet.at.clock.wallMs() - sinceMs) / 60_000),
          },
        },
        async (trx) => {
          const here = { away: null, away_why: null };
          await trx.updateTable('volume').set(here).where('id', '=', held.row.id).execute();
        },
      );
      this.#fleet.sayChanged();
      this.#replace();
    } catch (error) {
      held.goodSinceMs = null;
      this.#fleet.at.log.warn(
        { volume: held.row.name, error: sayError(error) },
        'a volume that is back cannot be surveyed',
      );
    } finally {
      held.isBeingSurveyed = false;
    }
  }
}

const ownWords: ReadonlySet<string> = new Set(['missing', 'unmarked', 'foreign', 'read-only', 'io', 'stuck']);
/** Full, behind, or our own want of something: others are better for a while, but it is no broken disk. */
const passing: ReadonlySet<string> = new Set(['slow', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM']);
/** What the error of a write says of the whole volume; any other is a failing disk. */
const troubleOf: Readonly<Record<string, Trouble>> = {
  EROFS: 'read-only',
  EMARK: 'unmarked',
  ENODEV: 'missing',
  ENXIO: 'missing',
  ESTALE: 'missing',
  ENOTCONN: 'missing',
};
