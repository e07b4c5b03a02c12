/**
 * Carries one viewer's frames from the engine to a WebSocket and wishes back. It holds little: while the browser does
 * not take what it was sent, nothing is read from the engine, which then drops to the next key (live) or waits.
 */
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { type Clock, type Log, sayError } from '../base/index.ts';
import { frames } from '../contract/index.ts';
import { LengthPrefixed, lengthPrefixed } from '../engine/index.ts';

const pauseAtBytes = 1024 * 1024;
const resumeAtBytes = 256 * 1024;
/** A player wishes a few times a second; a slider that is dragged some more. */
const wishesPerSecond = 30;
const wishesAtOnce = 60;
const maxUnsentWishBytes = 64 * 1024;
const pingEveryMs = 20_000;

/** Closing codes of our own: 4000 and up are free to use (RFC 6455 §7.4.2). */
export const closeCodes = { over: 1000, flood: 1008, broken: 1011, cut: 4403 } as const;
/** So long may a polite end take; whoever is slower sees nothing more all the same. */
const cutWithinMs = 300;

/** Resolves when the viewer is gone, whichever side left first. */
export function relay(
  engine: Duplex,
  socket: WebSocket,
  at: { readonly clock: Clock; readonly log: Log; readonly cut: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    const end = (code: number) => {
      engine.destroy();
      if (socket.readyState === socket.OPEN) socket.close(code);
    };
    carryFrames(engine, socket, at.log, end);
    carryWishes(engine, socket, at.clock, end);
    const heartbeat = keepAlive(socket);
    engine.once('error', () => end(closeCodes.broken));
    engine.once('close', () => end(closeCodes.over));
    socket.once('error', () => socket.terminate());
    const cut = () => cutSocket(engine, socket);
    at.cut.addEventListener('abort', cut, { once: true });
    if (at.cut.aborted) cut();
    socket.once('close', () => {
      at.cut.removeEventListener('abort', cut);
      clearInterval(heartbeat);
      engine.destroy();
      resolve();
    });
  });
}

function carryFrames(engine: Duplex, socket: WebSocket, log: Log, end: (code: number) => void): void {
  const cut = new LengthPrefixed(frames.maxFrameBytes);
  const sent = () => {
    if (engine.isPaused() && socket.bufferedAmount < resumeAtBytes) engine.resume();
  };
  engine.on('data', (chunk: Buffer) => {
    try {
      for (const frame of cut.push(chunk)) socket.send(frame, { binary: true }, sent);
    } catch (error) {
      log.error({ error: sayError(error) }, 'the engine sent what is no frame');
      end(closeCodes.broken);
      return;
    }
    if (socket.bufferedAmount > pauseAtBytes) engine.pause();
  });
}

/** The right to look is gone: nothing that still waits is sent. */
function cutSocket(engine: Duplex, socket: WebSocket): void {
  engine.destroy();
  if (socket.bufferedAmount > 0) {
    socket.terminate();
    return;
  }
  if (socket.readyState === socket.OPEN) socket.close(closeCodes.cut);
  const timer = setTimeout(() => socket.terminate(), cutWithinMs);
  socket.once('close', () => clearTimeout(timer));
}

/** What is no wish is ignored; too many of anything end the connection. */
function carryWishes(engine: Duplex, socket: WebSocket, clock: Clock, end: (code: number) => void): void {
  let allowed = wishesAtOnce;
  let countedAtMs = clock.monoMs();
  socket.on('message', (data: RawData, isBinary: boolean) => {
    const nowMs = clock.monoMs();
    allowed = Math.min(wishesAtOnce, allowed + ((nowMs - countedAtMs) / 1000) * wishesPerSecond);
    countedAtMs = nowMs;
    allowed--;
    if (allowed < 0 || engine.writableLength > maxUnsentWishBytes) return end(closeCodes.flood);
    const text = isBinary ? null : data.toString();
    const wish = text === null ? null : frames.decodeWish(text);
    if (wish && !engine.destroyed) engine.write(lengthPrefixed(Buffer.from(JSON.stringify(wish))));
  });
}

/** A browser whose machine went to sleep or whose cable was pulled says nothing: it is gone after two pings. */
function keepAlive(socket: WebSocket): NodeJS.Timeout {
  let unanswered = 0;
  socket.on('pong', () => {
    unanswered = 0;
  });
  return setInterval(() => {
    if (unanswered >= 2) return socket.terminate();
    unanswered++;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, pingEveryMs);
}
