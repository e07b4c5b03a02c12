/**
 * fsck.mb_s: `custos fsck --depth digest` against `sha256sum` of the same files, both from the page cache, alternately
 * in the same run; the whole command counts, with its start and its queries. BENCH_MB (4,000) of segments of 8 MB.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noLog, systemClock } from '../src/base/index.ts';
import { openDatabase } from '../src/db/index.ts';
import { percentile, say, tell } from './support/report.ts';
import { makeSegments, ringOf } from './support/segments.ts';

const mb = Number(process.env.BENCH_MB ?? 4_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const segmentBytes = 8_000_000;
const ctl = new URL('../src/ctl.ts', import.meta.url).pathname;

const data = mkdtempSync(join(tmpdir(), 'custos-fsck-'));

function custos(...args: string[]) {
  const done = spawnSync(process.execPath, [ctl, 'fsck', ...args, '--json', '--data', data], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const said = JSON.parse(done.stdout || '{}') as { good?: boolean; digested?: number };
  if (!said.good) say(`${done.stdout.slice(0, 1000)} ${done.stderr}`);
  return said;
}

function secondsOf(work: () => void): number {
  const beganMs = performance.now();
  work();
  return (performance.now() - beganMs) / 1000;
}

try {
  const perCamera = Math.max(1, Math.round((mb * 1e6) / segmentBytes / 4));
  say(`making ${mb} MB of sealed segments`);
  const made = await makeSegments(join(data, 'footage'), await ringOf(data), {
    ...{ cameras: 4, perCamera, bytes: segmentBytes, endMs: Date.UTC(2026, 9, 1) },
  });
  custos('--rebuild');
  const first = custos('--depth', 'digest');
  say(`${first.digested} segments proven and digested`);
  const list = join(data, 'list');
  writeFileSync(list, made.files.join('\0'));
  const sums = () =>
    spawnSync('sh', ['-c', `xargs -0 sha256sum < ${list} > /dev/null`], { stdio: 'inherit' });
  // Beside a database that runs already, as on a machine where Custos is.
  await using db = await openDatabase({ dataDir: data, log: noLog, clock: systemClock });
  if (!db.isUp) throw new Error('no database');
  sums();
  const [ours, peer]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push(made.bytes / 1e6 / secondsOf(() => custos('--depth', 'digest')));
    peer.push(made.bytes / 1e6 / secondsOf(sums));
  }
  const [a, b] = [percentile(ours, 50), percentile(peer, 50)];
  tell({
    ...{
      metric: 'fsck.mb_s',
      unit: 'MB/s',
      at: { mb: Math.round(made.bytes / 1e6), rounds },
      ours: a,
      peer: b,
    },
    ...{ peerName: 'sha256sum', ratio: a / b, must: 'ratio ≥ 0.8', reached: a / b >= 0.8 },
  });
} finally {
  rmSync(data, { recursive: true, force: true });
}
