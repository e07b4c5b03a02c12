/**
 * power.lost_s: the power goes while cameras record. DATA lies on an ext4 of its own (a loop device); at a random
 * moment that file system is shut down without a flush, as by a power cut: every write that was not synced is gone, of
 * footage and database alike. Then it is mounted again, Custos starts, and what is missing before the cut is read from
 * the timeline; `custos fsck --depth digest` must find nothing. BENCH_CUTS (20). Needs root and a loop device.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDemo } from '../demo/index.ts';
import { noLog, systemClock } from '../src/base/index.ts';
import { type Caller, type Custos, setUp, startCustos, until } from '../test/support/custos.ts';
import { percentile, say, tell } from './support/report.ts';

const cuts = Number(process.env.BENCH_CUTS ?? 20);
const cameras = Number(process.env.BENCH_CAMERAS ?? 8);
const mostMs = Number(process.env.BENCH_RUN_MS ?? 20_000);
const ctl = new URL('../src/ctl.ts', import.meta.url).pathname;
const cutter = new URL('./support/power-cut.py', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'custos-power-'));
const image = join(folder, 'disk');
const mount = join(folder, 'mount');
const dataDir = join(mount, 'data');
const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8' }).trim();
const nowMs = () => systemClock.wallMs();
const isoOf = (ms: number) => new Date(ms).toISOString();

interface Disk {
  readonly device: string;
}

function makeDisk(): Disk {
  run('truncate', '-s', '8G', image);
  const device = run('losetup', '-f', '--show', image);
  run('mkfs.ext4', '-q', device);
  mkdirSync(mount);
  run('mount', device, mount);
  return { device };
}

function removeDisk({ device }: Disk): void {
  spawnSync('umount', ['-l', mount]);
  spawnSync('losetup', ['-d', device]);
  rmSync(folder, { recursive: true, force: true });
}

async function armed(): Promise<ChildProcess> {
  const child = spawn('python3', [cutter, mount], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

async function allRecordPast(caller: Caller, wallMs: number): Promise<void> {
  await until(
    'all cameras record',
    async () => {
      const reply = await caller.call('GET', '/api/cameras').catch(() => undefined);
      if (reply?.status !== 200 || reply.body.items.length !== cameras) return undefined;
      const isPast = ({ recordedUntil }: { recordedUntil: string | null }) =>
        recordedUntil !== null && Date.parse(recordedUntil) > wallMs;
      return reply.body.items.every(isPast) || undefined;
    },
    60_000,
  );
}

/** What of the recording before the cut is not there any more, and how many of its gaps nobody can explain. */
async function lossOf(caller: Caller, id: string, cutMs: number) {
  const { body } = await caller.callSoon(
    'GET',
    `/api/cameras/${id}/timeline?from=${isoOf(cutMs - 120_000)}&to=${isoOf(nowMs())}`,
  );
  const ends = body.spans
    .filter(({ from }: { from: string }) => Date.parse(from) < cutMs)
    .map(({ to }: { to: string }) => Date.parse(to));
  const unexplained = body.gaps.filter(({ cause }: { cause: string }) => cause === 'unexplained').length;
  return { lostS: Math.max(0, cutMs - Math.max(...ends)) / 1000, unexplained };
}

function fsck(): { findings: number; said: string } {
  const done = spawnSync(process.execPath, [ctl, 'fsck', '--depth', 'digest', '--json', '--data', dataDir], {
    encoding: 'utf8',
  });
  const said = done.stdout || done.stderr;
  const { findings, good } = JSON.parse(done.stdout || '{"good":false,"findings":[]}') as {
    good: boolean;
    findings: unknown[];
  };
  return { findings: good ? 0 : Math.max(1, findings.length), said };
}

/** Whoever worked on the dead disk is ended like the rest: nothing of this run outlives its power. */
async function unmount(): Promise<void> {
  await until('the dead file system is given back', () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      if (worksOn(pid)) process.kill(Number(pid), 'SIGKILL');
    return spawnSync('umount', [mount]).status === 0 || undefined;
  });
}

function worksOn(pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(mount);
  } catch {
    return false; // It ended while we looked.
  }
}

interface Total {
  readonly lost: number[];
  findings: number;
  unexplained: number;
}

async function oneCut(
  custos: Custos,
  caller: Caller,
  ids: readonly string[],
  disk: Disk,
  total: Total,
): Promise<[Custos, Caller]> {
  await allRecordPast(caller, nowMs() + 1000);
  const cut = await armed();
  await new Promise((resolve) => setTimeout(resolve, Math.random() * mostMs));
  const cutMs = nowMs();
  cut.stdin?.write('\n');
  await once(cut, 'exit');
  await custos.kill();
  await unmount();
  run('mount', disk.device, mount);
  const again = await startCustos({ dataDir });
  const { cookie, csrf } = caller;
  const next = Object.assign(again.caller(), { cookie, csrf });
  await allRecordPast(next, nowMs());
  const losses = await Promise.all(ids.map((id) => lossOf(next, id, cutMs)));
  total.lost.push(...losses.map(({ lostS }) => lostS));
  total.unexplained += losses.reduce((sum, { unexplained }) => sum + unexplained, 0);
  const { findings, said } = fsck();
  total.findings += findings;
  say(
    `${Math.max(...losses.map(({ lostS }) => lostS)).toFixed(2)} s at most missing, fsck: ${findings === 0 ? 'good' : said.slice(0, 1000)}`,
  );
  return [again, next];
}

async function measure(disk: Disk): Promise<void> {
  await using demo = await startDemo({ port: 0, clock: systemClock, log: noLog });
  // Laid out by itself, which syncs it: a copied one might be lost with the first cut.
  let custos = await startCustos({ dataDir, isFirstStart: true });
  const set = await setUp(custos);
  let { caller } = set;
  const ids: string[] = [];
  const streams = demo.cameras.flatMap((camera) =>
    [camera.mainUrl, camera.subUrl].map((url) => ({ camera, url })),
  );
  for (let i = 0; i < cameras; i++) {
    const { camera, url } = streams[i % streams.length]!;
    const body = {
      name: `camera ${i}`,
      siteId: set.siteId,
      url,
      user: camera.user,
      password: camera.password,
    };
    ids.push((await caller.must('POST', '/api/cameras', body)).id);
  }
  const total: Total = { lost: [], findings: 0, unexplained: 0 };
  try {
    for (let i = 0; i < cuts; i++) [custos, caller] = await oneCut(custos, caller, ids, disk, total);
  } finally {
    await custos[Symbol.asyncDispose]();
  }
  const max = Math.max(...total.lost);
  tell({
    ...{
      metric: 'power.lost_s',
      unit: 's',
      at: { cameras, cuts, findings: total.findings, unexplained: total.unexplained },
    },
    ...{
      ours: max,
      p50: percentile(total.lost, 50),
      p95: percentile(total.lost, 95),
      must: 'max ≤ 3, fsck finds nothing',
    },
    reached: max <= 3 && total.findings === 0,
  });
}

if (process.getuid?.() !== 0) {
  say('power: not measured; it needs root for a loop device and a file system of its own');
  process.exit(2);
}
const disk = makeDisk();
try {
  await measure(disk);
} finally {
  removeDisk(disk);
}
process.exit(0);
