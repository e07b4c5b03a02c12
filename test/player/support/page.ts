/** What runs in the browser of the player's tests: one player at a time, and the number of the picture it shows. */
import { LivePlayer } from '../../../web/src/player/live.ts';
import { PlaybackPlayer } from '../../../web/src/player/playback.ts';

const host = document.getElementById('host') as HTMLElement;
const tickets = { opened: 0, renewed: 0, closed: 0 };
const hour = 3_600_000;

const doorTo = (url: string) => ({
  open: async (_fromMs?: number, toMs?: number) => {
    tickets.opened += 1;
    return {
      ticket: `view_${tickets.opened}`,
      url: toMs === undefined ? url : `${url}?to=${toMs}`,
      expires: new Date(Date.now() + hour).toISOString(),
      transcoded: false,
      stream: 'main' as const,
    };
  },
  renew: async () => {
    tickets.renewed += 1;
    return { expires: new Date(Date.now() + hour).toISOString() };
  },
  close: async () => {
    tickets.closed += 1;
  },
});

/** Reads the bars of the picture on the screen; null when there is none. */
function shownNumber(bits = 14): number | null {
  const picture = host.querySelector<HTMLVideoElement | HTMLCanvasElement>('video, canvas');
  const width = picture instanceof HTMLVideoElement ? picture.videoWidth : (picture?.width ?? 0);
  const height = picture instanceof HTMLVideoElement ? picture.videoHeight : (picture?.height ?? 0);
  if (!picture || width < bits) return null;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, Math.floor(height / 2), width, 1);
  let number = 0;
  for (let bit = 0; bit < bits; bit += 1) {
    const x = Math.floor((bit + 0.5) * (width / bits));
    if ((data[x * 4] as number) > 128) number |= 1 << bit;
  }
  return number;
}

declare global {
  interface Window {
    bench: typeof bench;
  }
}

const bench = {
  host,
  tickets,
  shownNumber,
  statuses: [] as unknown[],
  positions: [] as number[],
  live: null as LivePlayer | null,
  playback: null as PlaybackPlayer | null,
  openLive(mode: 'mediasource' | 'webcodecs') {
    bench.live = new LivePlayer({
      host,
      mode,
      marks: 'every-picture',
      door: doorTo('/media/live'),
      onStatus: (status) => bench.statuses.push(status),
    });
  },
  /** `spanMs`: a view reaches to the next round instant of this, and a little over. */
  openPlayback(atMs: number, plays: boolean, gaps: 'skip' | 'wait' = 'skip', spanMs = 24 * hour) {
    bench.playback = new PlaybackPlayer({
      host,
      atMs,
      plays,
      gaps,
      door: doorTo('/media/playback'),
      spanOf: (at) => {
        const fromMs = Math.floor(at / spanMs) * spanMs;
        return { fromMs: fromMs - spanMs / 5, toMs: fromMs + spanMs * 1.2 };
      },
      onStatus: (status) => bench.statuses.push(status),
      onPosition: (wallMs) => bench.positions.push(wallMs),
    });
  },
};
window.bench = bench;
