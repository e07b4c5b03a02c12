/**
 * revoke.ms: from the call that revokes a permission to the last byte on the viewer's socket, for a live picture on a
 * WebSocket, a recorded one, and a file of recorded footage whose reader is slow. Real engine, real sockets.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { callerWith, permit, type TestCaller } from '../test/support/edge.ts';
import { type House, openHouse } from '../test/support/house.ts';
import { percentile, say, tell } from './support/report.ts';

const rounds = Number(process.env.BENCH_REVOKE_ROUNDS ?? 100);
type Way = 'live' | 'playback' | 'file';

/** When its last byte came, ms of this process; resolves when the connection is over. */
interface Watching {
  readonly last: Promise<number>;
}

async function watchSocket(
  house: House,
  caller: TestCaller,
  url: string,
  seek: object | null,
): Promise<Watching> {
  const socket = new WebSocket(house.url.replace('http', 'ws') + url, { headers: { cookie: caller.cookie } });
  let [lastMs, frames] = [0, 0];
  await once(socket, 'open');
  if (seek) socket.send(JSON.stringify(seek));
  const begun = new Promise<void>((resolve) =>
    socket.on('message', () => {
      lastMs = performance.now();
      if (++frames > 5) resolve();
    }),
  );
  socket.on('error', () => {});
  const last = new Promise<number>((resolve) => socket.on('close', () => resolve(lastMs)));
  await begun;
  return { last };
}

async function watchFile(house: House, caller: TestCaller, url: string): Promise<Watching> {
  const { hostname, port } = new URL(house.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = [`GET ${url}/footage.mp4 HTTP/1.1`, `host: ${hostname}:${port}`, `cookie: ${caller.cookie}`];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  socket.on('error', () => {});
  let lastMs = 0;
  socket.on('data', () => {
    lastMs = performance.now();
    socket.pause();
    // A slow line: 64 KiB at most, twenty times a second.
    setTimeout(() => socket.resume(), 50);
  });
  await once(socket, 'data');
  return { last: new Promise((resolve) => socket.on('close', () => resolve(lastMs))) };
}

async function round(house: House, camera: string, approver: TestCaller, guard: TestCaller, way: Way) {
  const id = await permit(house, guard);
  const toMs = house.keeper.recordedUntilMs(camera) ?? 0;
  const span = { from: new Date(toMs - 20_000).toISOString(), to: new Date(toMs).toISOString() };
  const wish = way === 'live' ? { kind: 'live' } : { kind: 'playback', ...span };
  const body = { camera, purpose: 'a measurement', forWhom: 'the bench', ...wish };
  const opened = (await guard.call('POST', '/api/views', body)).json;
  const seek = way === 'playback' ? { op: 'seek', atMs: toMs - 20_000, untilMs: toMs } : null;
  const watching =
    way === 'file'
      ? await watchFile(house, guard, opened.url)
      : await watchSocket(house, guard, opened.url, seek);
  const { items } = (await guard.call('GET', '/api/permissions/mine?state=running')).json;
  const { revision } = items.find((each: { id: string }) => each.id === id);
  const beganMs = performance.now();
  await approver.call('POST', `/api/permissions/${id}/revoke`, { revision, reason: 'measured' });
  return Math.max(0, (await watching.last) - beganMs);
}

await using house = await openHouse();
const camera = await house.add(house.demo.cameras[0]!);
const recordedMs = () =>
  house.keeper.freshOf(camera).reduce((sum, segment) => sum + segment.endMs - segment.startMs, 0);
await house.until(() => recordedMs() > 21_000, 'twenty seconds are recorded', 60_000);
const approver = await callerWith(house, 'approver');
for (const way of ['live', 'playback', 'file'] as const) {
  const guard = await callerWith(house, 'watcher');
  const tookMs: number[] = [];
  for (let i = 0; i < rounds; i++) tookMs.push(await round(house, camera, approver, guard, way));
  const p99 = percentile(tookMs, 99);
  say(`${way}: longest ${Math.max(...tookMs).toFixed(0)} ms`);
  tell({
    ...{ metric: 'revoke.ms', unit: 'ms', at: { way, rounds }, ours: p99, p50: percentile(tookMs, 50) },
    ...{ p95: percentile(tookMs, 95), must: 'p99 <= 1000', reached: p99 <= 1_000 },
  });
}
