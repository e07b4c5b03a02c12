/**
 * rebuild.segments_s: the index made anew from the disks by `custos fsck --rebuild`, the database gone: sealed segments
 * of several cameras (BENCH_SEGMENTS, 40,000 by default), with everything that a rebuild does: rows, days, the
 * calendar, the entry of each segment in the ledger, and the last look for what is left over.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { say, tell } from './support/report.ts';
import { makeSegments, ringOf } from './support/segments.ts';

const segments = Number(process.env.BENCH_SEGMENTS ?? 40_000);
const cameras = Number(process.env.BENCH_CAMERAS ?? 8);
const bytes = Number(process.env.BENCH_BYTES ?? 4_096);
const ctl = new URL('../src/ctl.ts', import.meta.url).pathname;

const data = mkdtempSync(join(tmpdir(), 'custos-rebuild-'));
try {
  const perCamera = Math.ceil(segments / cameras);
  say(`making ${perCamera * cameras} sealed segments`);
  const endMs = Date.UTC(2026, 9, 1);
  await makeSegments(join(data, 'footage'), await ringOf(data), { cameras, perCamera, bytes, endMs });
  execFileSync('sync');
  const done = spawnSync(process.execPath, [ctl, 'fsck', '--rebuild', '--json', '--data', data], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const made = JSON.parse(done.stdout) as { segments: number; seconds: number; good: boolean };
  const all = made.segments === perCamera * cameras && made.good;
  if (!all) say(`${done.stdout.slice(0, 2000)} ${done.stderr}`);
  const ours = made.segments / made.seconds;
  tell({
    ...{ metric: 'rebuild.segments_s', unit: 'segments/s', at: { segments: made.segments, cameras, bytes } },
    ...{ ours, must: '≥ 5000', reached: all && ours >= 5000 },
  });
} finally {
  rmSync(data, { recursive: true, force: true });
}
