/**
 * churn.lost: cameras that go away for 5–120 s (frozen with open sockets, or gone and back), that come back with
 * another codec, and one whose UDP loses 1 % of its packets, for BENCH_CHURN_S (600). While a camera is connected every
 * picture must be in a segment: within a run the decode times of segments follow each other, and a segment has as many
 * pictures as its length holds; what a lossy network took is a gap that says so, or, below
 * a moment, counted in the segment's row. No gap may be without a cause.
 */
import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noLog, systemClock } from '../src/base/index.ts';
import { openBeside } from '../src/db/index.ts';
import { type Caller, setUp, startCustos, until } from '../test/support/custos.ts';
import { type GstServer, loopLaunch, startGst } from '../test/support/gst.ts';
import { say, tell } from './support/report.ts';

const churnS = Number(process.env.BENCH_CHURN_S ?? 600);
const longestS = Number(process.env.BENCH_LONGEST_S ?? 120);
const dropping = Number(process.env.BENCH_CAMERAS ?? 6);
const fps = 15;
const ticksAPicture = 90_000 / fps;
const clipsAt = new URL('../demo/clips/', import.meta.url).pathname;
const clips = [
  { file: `${clipsAt}school-gate-sub.h264`, codec: 'h264' },
  { file: `${clipsAt}market-street-main.h265`, codec: 'h265' },
  { file: `${clipsAt}crossing-sub.h264`, codec: 'h264' },
] as const;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const nowMs = () => systemClock.wallMs();
const isoOf = (ms: number) => new Date(ms).toISOString();

/** A camera that may be frozen, or taken away and put back with the next codec, at one port. */
class Camera implements AsyncDisposable {
  #server: GstServer;
  #clip = 0;

  private constructor(server: GstServer) {
    this.#server = server;
  }

  static async start(protocols: 'tcp' | 'both'): Promise<Camera> {
    return new Camera(await startGst({ streams: [streamOf(0, protocols)] }));
  }

  get port(): number {
    return this.#server.port;
  }
  get url(): string {
    return this.#server.url('/cam');
  }

  async freeze(ms: number): Promise<void> {
    this.#server.freeze();
    await pause(ms);
    this.#server.thaw();
  }

  async replace(ms: number): Promise<void> {
    const { port } = this;
    await this.#server[Symbol.asyncDispose]();
    await pause(ms);
    this.#clip++;
    this.#server = await startGst({ streams: [streamOf(this.#clip, 'tcp')], port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.thaw();
    await this.#server[Symbol.asyncDispose]();
  }
}

function streamOf(clip: number, protocols: 'tcp' | 'both') {
  const { file, codec } = clips[clip % clips.length]!;
  return { path: '/cam', launch: loopLaunch(file, codec, fps), protocols };
}

/** Goes away at random until it is told to end. */
async function churn(camera: Camera, untilMs: number): Promise<number> {
  let times = 0;
  for (; nowMs() < untilMs; times++) {
    await pause(10_000 + Math.random() * 20_000);
    const awayMs = Math.min(
      5_000 + Math.random() * (longestS - 5) * 1000,
      Math.max(5_000, untilMs - nowMs()),
    );
    if (Math.random() < 0.4) await camera.freeze(awayMs);
    else await camera.replace(awayMs);
  }
  return times;
}

/** An RTSP door whose UDP loses one packet in a hundred: the ports in SETUP are made ours, and packets pass through. */
async function lossyDoor(port: number): Promise<{ url: string; lost: () => number } & AsyncDisposable> {
  let lost = 0;
  const sockets = new Set<{ close(): void }>();
  const relay = async (clientPort: number) => {
    const socket = createSocket('udp4');
    sockets.add(socket);
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    socket.on('message', (packet, from) => {
      // What comes back from the client is for the camera's control port: not needed to go on sending.
      if (from.port === clientPort) return;
      if (Math.random() < 0.01) lost++;
      else socket.send(packet, clientPort, '127.0.0.1');
    });
    return socket.address().port;
  };
  const server = createServer((client) => {
    const camera = connect(port, '127.0.0.1');
    sockets.add({ close: () => client.destroy() });
    let asked: [number, number] | null = null;
    let ours: [number, number] | null = null;
    client.on('data', async (chunk) => {
      const text = chunk.toString('latin1').replaceAll(`:${doorPort()}`, `:${port}`);
      const ports = /client_port=(\d+)-(\d+)/.exec(text);
      if (!ports) return void camera.write(text, 'latin1');
      asked = [Number(ports[1]), Number(ports[2])];
      ours = [await relay(asked[0]), await relay(asked[1])];
      camera.write(text.replace(ports[0], `client_port=${ours.join('-')}`), 'latin1');
    });
    camera.on('data', (chunk) => {
      let text = chunk.toString('latin1').replaceAll(`:${port}`, `:${doorPort()}`);
      if (asked && ours)
        text = text
          .replace(/client_port=\d+-\d+/, `client_port=${asked.join('-')}`)
          .replace(/server_port=\d+-\d+/, `server_port=${ours.join('-')}`);
      client.write(text, 'latin1');
    });
    for (const [one, other] of [
      [client, camera],
      [camera, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  const doorPort = () => (server.address() as AddressInfo).port;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `rtsp://127.0.0.1:${doorPort()}/cam`,
    lost: () => lost,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Seen {
  /** Pictures that are missing while the camera was connected, and neither a gap nor the segment's count of lost packets says so. */
  lost: number;
  unexplained: number;
  named: number;
  causes: Map<string, number>;
}

async function look(dataDir: string, caller: Caller, id: string, fromMs: number, seen: Seen): Promise<void> {
  await using db = await openBeside({ dataDir, log: noLog, clock: systemClock });
  const rows = await db.kysely
    .selectFrom('segment')
    .select(['run', 'start_ticks', 'duration_ticks', 'pictures', 'packets_lost', 'damaged_pictures'])
    .where('camera_id', '=', id)
    .where('stream', '=', 'main')
    .orderBy('start_ms')
    .execute();
  let missing = 0;
  let inLostPackets = 0;
  const endOf = new Map<string, number>();
  for (const row of rows) {
    const hole = row.start_ticks - (endOf.get(row.run) ?? row.start_ticks);
    endOf.set(row.run, row.start_ticks + row.duration_ticks);
    const short = Math.max(
      0,
      Math.round((row.duration_ticks + Math.max(0, hole)) / ticksAPicture) - row.pictures,
    );
    missing += short;
    // A packet belongs to one picture; the row of the segment says how many packets were lost in it.
    inLostPackets += Math.min(short, row.packets_lost + row.damaged_pictures);
  }
  const range = `from=${isoOf(fromMs)}&to=${isoOf(nowMs() - 1000)}`;
  const { gaps } = (await caller.callSoon('GET', `/api/cameras/${id}/timeline?${range}`)).body;
  let namedMs = 0;
  for (const { cause, from, to } of gaps as { cause: string; from: string; to: string }[]) {
    seen.causes.set(cause, (seen.causes.get(cause) ?? 0) + 1);
    if (cause === 'unexplained') seen.unexplained++;
    if (cause === 'network-loss') namedMs += Date.parse(to) - Date.parse(from);
  }
  const named = Math.max(inLostPackets, Math.ceil((namedMs * fps) / 1000));
  seen.named += Math.min(named, missing);
  seen.lost += Math.max(0, missing - named);
  if (missing > named) say(`${id}: ${missing} pictures missing, ${named} of them named`);
}

const dataDir = await mkdtemp(join(tmpdir(), 'custos-churn-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(dataDir, { recursive: true, force: true }));
const all: Camera[] = [];
for (let i = 0; i < dropping; i++) all.push(stack.use(await Camera.start('tcp')));
const steady = stack.use(await Camera.start('both'));
const door = stack.use(await lossyDoor(steady.port));
const custos = stack.use(await startCustos({ dataDir }));
const { caller, siteId } = await setUp(custos);
const addresses = [...all.map(({ url }) => ({ url, transport: 'tcp' })), { url: door.url, transport: 'udp' }];
const ids: string[] = [];
for (const [i, address] of addresses.entries())
  ids.push((await caller.must('POST', '/api/cameras', { name: `camera ${i}`, siteId, ...address })).id);
const recordPast = (wallMs: number) =>
  until(
    'all cameras record',
    async () => {
      const { items } = await caller.must('GET', '/api/cameras');
      const isPast = (one: { recordedUntil: string | null }) =>
        Date.parse(one.recordedUntil ?? '1970-01-01') > wallMs;
      late = items.filter((one: { recordedUntil: string | null }) => !isPast(one));
      return late.length === 0 || undefined;
    },
    120_000,
  ).catch((error: unknown) => {
    say(`not recording: ${JSON.stringify(late)}`);
    throw error;
  });
let late: unknown[] = [];
const beganMs = nowMs();
await recordPast(beganMs);
say('all cameras record');
const times = await Promise.all(all.map((camera) => churn(camera, beganMs + churnS * 1000)));
await recordPast(nowMs());
// A pause ends each open segment in order: then every picture is in a row.
for (const id of ids)
  await caller.must('POST', `/api/cameras/${id}/pause`, { reason: 'the measure is over' });
await pause(5_000);
const seen: Seen = { lost: 0, unexplained: 0, named: 0, causes: new Map() };
for (const id of ids) await look(dataDir, caller, id, beganMs + 5_000, seen);
say(`gaps by cause: ${JSON.stringify(Object.fromEntries(seen.causes))}`);
const drops = times.reduce((a, b) => a + b, 0);
tell({
  ...{ metric: 'churn.lost', unit: 'access units', ours: seen.lost, must: '0, every gap explained' },
  at: {
    seconds: churnS,
    drops,
    packetsDropped: door.lost(),
    namedLost: seen.named,
    unexplained: seen.unexplained,
  },
  reached: seen.lost === 0 && seen.unexplained === 0 && door.lost() > 0,
});
