/**
 * record.cpu, record.pss, record.lost: N cameras of 1080p25 H.264 at 4 Mb/s from GStreamer's RTSP server, recorded by
 * our engine, then by one `ffmpeg -c copy` a camera, one after the other on the same machine in the same run.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/index.ts';
import { KeyRing, type Volume } from '../src/engine/index.ts';
import { fileLaunch, startGst } from '../test/support/gst.ts';
import { unsealed } from '../test/support/unseal.ts';
import { cpuByProcess, cpuSince, pssMb } from './support/processes.ts';
import { say, tell } from './support/report.ts';
import { compare, sliceChecksums, sourceClip } from './support/source.ts';

const settleS = Number(process.env.BENCH_SETTLE_S ?? 20);
const measureS = Number(process.env.BENCH_MEASURE_S ?? 60);
const memorySamples = 7;
const codeCache = join(import.meta.dirname, '..', '.cache');
const ours = new URL('./record-ours.ts', import.meta.url);
const sizes = (process.env.BENCH_CAMERAS ?? '8,32,64').split(',').map(Number);
/** With encryption, digest and fdatasync on. */
const must: Readonly<Record<number, number>> = { 32: 0.55, 64: 0.55 };

const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

interface Cost {
  readonly cpuSPerHour: number;
  readonly pssMb: number;
}

/** Over the time that is measured: a recorder that keeps the present group of pictures swells and shrinks with it. */
async function meanMb(roots: readonly number[]): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < memorySamples; i++) {
    await wait(measureS / memorySamples);
    samples.push(roots.reduce((sum, root) => sum + pssMb(root), 0));
  }
  return samples.reduce((sum, mb) => sum + mb, 0) / samples.length;
}

async function measure(root: number, cameras: number): Promise<Cost> {
  await wait(settleS);
  const before = cpuByProcess(root);
  const beganMs = performance.now();
  const memoryMb = await meanMb([root]);
  const hours = (performance.now() - beganMs) / 3_600_000;
  return { cpuSPerHour: cpuSince(before, root) / hours / cameras, pssMb: memoryMb / cameras };
}

async function recordOurs(urls: readonly string[], folder: string): Promise<Cost> {
  // As `npm start` does it, from its second start on: the first one compiles.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(codeCache, 'custos-bench') };
  execFileSync(process.execPath, [fileURLToPath(ours)], { env });
  const child = fork(ours, {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (fact: { kind: string; problem?: unknown }) => {
    if (fact.kind !== 'opened') say(`ours: ${JSON.stringify(fact)}`);
  });
  child.send({ folder, urls });
  const cost = await measure(child.pid as number, urls.length);
  child.send('end');
  await once(child, 'exit');
  return cost;
}

async function recordPeer(urls: readonly string[], folder: string): Promise<Cost> {
  const children: ChildProcess[] = urls.map((url, i) =>
    spawn(
      'ffmpeg',
      [
        '-loglevel',
        'error',
        '-rtsp_transport',
        'tcp',
        '-timeout',
        '5000000',
        '-i',
        url,
        '-c',
        'copy',
        '-f',
        'segment',
        '-segment_time',
        '60',
        '-segment_format_options',
        'movflags=+frag_keyframe+empty_moov+default_base_moof',
        join(folder, `peer${i}-%03d.mp4`),
      ],
      { stdio: 'ignore' },
    ),
  );
  const cost = await measureAll(children.map(({ pid }) => pid as number));
  for (const child of children) child.kill('SIGINT');
  await Promise.all(children.map((child) => once(child, 'exit')));
  return cost;
}

/** A peer is many processes side by side: its cost is their sum. */
async function measureAll(roots: readonly number[]): Promise<Cost> {
  await wait(settleS);
  const before = roots.map((root) => cpuByProcess(root));
  const beganMs = performance.now();
  const memoryMb = await meanMb(roots);
  const hours = (performance.now() - beganMs) / 3_600_000;
  const cpuS = roots.reduce(
    (sum, root, i) => sum + cpuSince(before[i] as ReadonlyMap<number, number>, root),
    0,
  );
  return { cpuSPerHour: cpuS / hours / roots.length, pssMb: memoryMb / roots.length };
}

/** Every stored file of a camera, oldest first, opened with its key, as one list of checksums. */
async function recordedOf(volume: Volume, camera: string, keys: KeyRing): Promise<string[]> {
  const names = (readdirSync(join(volume.path, camera), { recursive: true }) as string[]).filter((name) =>
    name.endsWith('.cvs'),
  );
  const found: string[] = [];
  for (const name of names.sort()) {
    const plain = join(volume.path, 'plain.mp4');
    writeFileSync(plain, await unsealed(volume, join(camera, name), keys));
    found.push(...sliceChecksums(plain));
    rmSync(plain);
  }
  return found;
}

async function tellLost(folder: string, source: readonly string[], cameras: number): Promise<void> {
  const volume = { id: 'bench', path: join(folder, 'footage') };
  const keys = await KeyRing.open({
    ...{ dir: join(folder, 'keys'), master: { kind: 'file' }, clock: systemClock },
  });
  let [missing, doubled, unknown] = [0, 0, 0];
  for (const camera of readdirSync(volume.path)) {
    const found = compare(source, await recordedOf(volume, camera, keys));
    missing += found.missing;
    doubled += found.doubled;
    unknown += found.unknown;
  }
  const lost = missing + doubled + unknown;
  tell({
    metric: 'record.lost',
    unit: 'access units',
    at: { cameras },
    ours: lost,
    must: '0',
    reached: lost === 0,
  });
}

function tellCost(cameras: number, ours: Cost, peer: Cost): void {
  const peerName = 'ffmpeg -c copy';
  const cpu = ours.cpuSPerHour / peer.cpuSPerHour;
  const pss = ours.pssMb / peer.pssMb;
  const cpuMust = must[cameras];
  tell({
    metric: 'record.cpu',
    unit: 's/camera-hour',
    at: { cameras },
    ours: ours.cpuSPerHour,
    peer: peer.cpuSPerHour,
    peerName,
    ratio: cpu,
    must: cpuMust ? `ratio ≤ ${cpuMust}` : '',
    reached: !cpuMust || cpu <= cpuMust,
  });
  tell({
    metric: 'record.pss',
    unit: 'MB/camera',
    at: { cameras },
    ours: ours.pssMb,
    peer: peer.pssMb,
    peerName,
    ratio: pss,
    must: cameras === 32 ? 'ratio ≤ 0.35, ≤ 5 MB' : 'ratio ≤ 0.35',
    reached: pss <= 0.35 && (cameras !== 32 || ours.pssMb <= 5),
  });
}

async function run(): Promise<void> {
  const clip = sourceClip(settleS + measureS + 40);
  const source = sliceChecksums(clip);
  for (const cameras of sizes) {
    const launch = fileLaunch(clip, 'h264');
    const folder = mkdtempSync(join(tmpdir(), 'custos-bench-'));
    await using server = await startGst({
      streams: Array.from({ length: cameras }, (_, i) => ({ path: `/cam${i}`, launch })),
    });
    const urls = Array.from({ length: cameras }, (_, i) => server.url(`/cam${i}`));
    say(`${cameras} cameras, ours`);
    const ours = await recordOurs(urls, folder);
    await tellLost(folder, source, cameras);
    say(`${cameras} cameras, ffmpeg`);
    const peer = await recordPeer(urls, folder);
    tellCost(cameras, ours, peer);
    rmSync(folder, { recursive: true });
  }
}

await run();
