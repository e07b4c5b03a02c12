/**
 * A channel: one demo camera's stream, running in real time whether or not anyone looks. Everyone who plays it gets
 * the same picture at the same moment, from the next key on, as from a camera.
 */
import { assert, type Clock } from '../src/base/index.ts';
import type { Clip, Picture } from './clips.ts';

export interface Player {
  /** One picture; `ticks` is its time in 1/90000 s, the same for every player. */
  picture(picture: Picture, ticks: number): void;
  /** A sender report: `ticks` was at `wallMs`. */
  report(ticks: number, wallMs: number): void;
}

/** Which view the camera shows in second `s` of its life. */
export type Mood = (s: number) => Clip['view'];

/** Shows `view` for `lastsS` once in every `everyS`, first after `afterS`. */
export const nowAndThen =
  (view: Clip['view'], everyS: number, afterS: number, lastsS: number): Mood =>
  (s) =>
    s % everyS >= afterS && s % everyS < afterS + lastsS ? view : 'usual';

export const always: Mood = () => 'usual';

const reportEveryMs = 5000;
/** Past this the machine slept: a camera would not send the past either. */
const maxLateMs = 2000;

export class Channel implements Disposable {
  readonly clip: Clip;
  readonly #views: ReadonlyMap<Clip['view'], Clip>;
  readonly #players = new Map<Player, { begun: boolean }>();
  readonly #clock: Clock;
  readonly #fps: number;
  readonly #mood: Mood;
  readonly #bornMs: number;
  #count = 0;
  #view: Clip['view'] = 'usual';
  #reportedMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(clips: readonly Clip[], options: { fps: number; clock: Clock; mood: Mood }) {
    const usual = clips.find((clip) => clip.view === 'usual');
    assert(usual, 'a channel has its usual view');
    this.clip = usual;
    this.#views = new Map(clips.map((clip) => [clip.view, clip]));
    this.#fps = options.fps;
    this.#clock = options.clock;
    this.#mood = options.mood;
    this.#bornMs = options.clock.monoMs();
    this.#schedule();
  }

  join(player: Player): void {
    this.#players.set(player, { begun: false });
  }

  leave(player: Player): void {
    this.#players.delete(player);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#players.clear();
  }

  #schedule(): void {
    const dueMs = this.#bornMs + (this.#count * 1000) / this.#fps;
    const nowMs = this.#clock.monoMs();
    if (nowMs - dueMs > maxLateMs) this.#count = Math.floor(((nowMs - this.#bornMs) * this.#fps) / 1000);
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, dueMs - nowMs));
  }

  #tick(): void {
    const ticks = Math.round((this.#count * 90000) / this.#fps);
    const picture = this.#pictureNow();
    const nowMs = this.#clock.monoMs();
    const report = nowMs - this.#reportedMs >= reportEveryMs;
    if (report) this.#reportedMs = nowMs;
    for (const [player, state] of this.#players) {
      if (!state.begun && !picture.key) continue;
      if (report || !state.begun) player.report(ticks, this.#clock.wallMs());
      state.begun = true;
      player.picture(picture, ticks);
    }
    this.#count++;
    this.#schedule();
  }

  /** The view changes only at a key, so that the stream stays decodable. */
  #pictureNow(): Picture {
    const at = this.#count % this.clip.pictures.length;
    const usual = this.clip.pictures[at] as Picture;
    if (usual.key) {
      const wanted = this.#mood(this.#count / this.#fps);
      this.#view = this.#views.has(wanted) ? wanted : 'usual';
    }
    return this.#views.get(this.#view)?.pictures[at] ?? usual;
  }
}
