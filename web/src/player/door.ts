/** The server's side of a view, by the console's own calls. */
import { display } from '../../../src/contract/index.ts';
import { call } from '../api.ts';
import type { ViewDoor } from './feed.ts';
import type { PlaybackDoor } from './playback-status.ts';
import { unpackUse } from './use.ts';

/** H.265 Main at level 3.1: a browser that plays this plays what cameras send. */
const h265 = 'video/mp4; codecs="hvc1.1.6.L93.B0"';

export const abilities = () => ({
  h265: 'MediaSource' in globalThis && MediaSource.isTypeSupported(h265),
});

const renew = (ticket: string) => call(display.renewView, { params: { ticket } });
const close = async (ticket: string) => {
  await call(display.closeView, { params: { ticket } });
};

export function liveDoor(camera: string, stream: 'auto' | 'sub', purpose: string): ViewDoor {
  return {
    open: () =>
      call(display.openView, {
        body: { camera, kind: 'live', stream, ...unpackUse(purpose), abilities: abilities() },
      }),
    renew,
    close,
  };
}

const openPlayback = (camera: string, purpose: string, fromMs: number, toMs: number) =>
  call(display.openView, {
    body: {
      camera,
      kind: 'playback',
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      ...unpackUse(purpose),
      abilities: abilities(),
    },
  });

export function playbackDoor(camera: string, purpose: string): PlaybackDoor {
  return { open: (fromMs, toMs) => openPlayback(camera, purpose, fromMs, toMs), renew, close };
}

/** A view of a span for its file alone; it is given back by `close`. */
export const openSpan = openPlayback;
export const closeSpan = close;
export const renewSpan = renew;
