/** Opens a link for a test and keeps what it hands on; waits on facts, with a generous bound. */
import { setTimeout as later } from 'node:timers/promises';
import { noLog, systemClock } from '../../../src/base/index.ts';
import type { Problem } from '../../../src/contract/causes.ts';
import type { Source } from '../../../src/engine/engine.ts';
import { type LinkOptions, openLink } from '../../../src/engine/rtsp/index.ts';
import type { AccessUnit, AudioTrack, ClockReading, Link, VideoTrack } from '../../../src/engine/units.ts';

export interface Collected extends AsyncDisposable {
  readonly link: Link;
  readonly tracks: { video: VideoTrack; audio: AudioTrack | null; beforeUnit: number }[];
  readonly units: AccessUnit[];
  readonly clocks: ClockReading[];
  /** undefined while the link is open. */
  readonly ended: Problem | null | undefined;
  /** Resolves when `fact` holds; it is looked at after each event. */
  until(fact: () => boolean): Promise<void>;
}

export const sourceOf = (url: string, more: Partial<Source> = {}): Source => ({
  id: 'cam_1.main',
  cameraId: 'cam_1',
  stream: 'main',
  url,
  user: '',
  password: '',
  transport: 'auto',
  sound: false,
  always: true,
  ...more,
});

export function collect(source: Source, limits: LinkOptions['limits'] = {}): Collected {
  const waiting = new Set<() => void>();
  const told = (): void => {
    for (const look of waiting) look();
  };
  const state = {
    tracks: [] as Collected['tracks'],
    units: [] as AccessUnit[],
    clocks: [] as ClockReading[],
    ended: undefined as Problem | null | undefined,
  };
  const link = openLink(
    { source, clock: systemClock, log: noLog, limits },
    {
      tracks(video, audio) {
        state.tracks.push({ video, audio, beforeUnit: state.units.length });
        told();
      },
      unit(unit) {
        state.units.push(unit);
        told();
      },
      clock(reading) {
        state.clocks.push(reading);
        told();
      },
      closed(problem) {
        state.ended = problem;
        told();
      },
    },
  );
  return {
    link,
    ...state,
    get ended() {
      return state.ended;
    },
    until: (fact) => within(fact, waiting, state),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

function within(fact: () => boolean, waiting: Set<() => void>, state: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (!fact()) return;
      waiting.delete(look);
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      waiting.delete(look);
      reject(new Error(`not within 30 s: ${fact} (${JSON.stringify(state).slice(0, 500)})`));
    }, 30_000);
    waiting.add(look);
    look();
  });
}

/** Waits for a fact that no event of the link tells. */
export async function eventually(fact: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !fact(); ) {
    if (Date.now() > end) throw new Error(`not within 30 s: ${fact}`);
    await later(5);
  }
}
