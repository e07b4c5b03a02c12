/** The picture that is measured: 1080p25 H.264 at 4 Mb/s with noise, each access unit different from every other. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { say } from './report.ts';

const cache = new URL('../../.cache/bench/', import.meta.url).pathname;

/** Path of a clip of `seconds`, made by FFmpeg the first time. GOP of 50, no B pictures. */
export function sourceClip(seconds: number): string {
  const path = `${cache}source-1080p25-${seconds}s.mp4`;
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  say(`encoding ${seconds} s of 1080p25 once (${path})`);
  const draft = path.replace('.mp4', '.draft.mp4');
  const input = `testsrc2=size=1920x1080:rate=25:duration=${seconds},noise=alls=12:allf=t`;
  execFileSync('ffmpeg', [
    ...['-y', '-loglevel', 'error', '-f', 'lavfi', '-i', input, '-pix_fmt', 'yuv420p'],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-profile:v',
      'high',
      '-bf',
      '0',
      '-g',
      '50',
      '-sc_threshold',
      '0',
    ],
    ...[
      '-b:v',
      '4M',
      '-maxrate',
      '4M',
      '-bufsize',
      '2M',
      '-x264-params',
      'nal-hrd=cbr',
      '-movflags',
      '+faststart',
      draft,
    ],
  ]);
  renameSync(draft, path);
  return path;
}

/**
 * Checksums of the coded slices of every access unit, in order (parameter sets and SEI left out: servers repeat
 * those as they like). One FFmpeg reads the file without decoding.
 */
export function sliceChecksums(path: string): readonly string[] {
  const out = execFileSync(
    'ffmpeg',
    [
      '-loglevel',
      'error',
      '-i',
      path,
      '-map',
      '0:v',
      '-c',
      'copy',
      '-bsf:v',
      'filter_units=pass_types=1-5',
      '-f',
      'framecrc',
      '-',
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  ).toString();
  return out
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) =>
      line
        .split(',')
        .slice(4, 6)
        .map((field) => field.trim())
        .join(':'),
    );
}

/** How many units of the source are missing inside of, or doubled in, what was recorded of it. */
export function compare(
  source: readonly string[],
  recorded: readonly string[],
): { missing: number; doubled: number; unknown: number } {
  const place = new Map(source.map((sum, i) => [sum, i]));
  const seen = new Set<number>();
  let [doubled, unknown, first, last] = [0, 0, Number.POSITIVE_INFINITY, -1];
  for (const sum of recorded) {
    const at = place.get(sum);
    if (at === undefined) unknown++;
    else if (seen.has(at)) doubled++;
    else {
      seen.add(at);
      first = Math.min(first, at);
      last = Math.max(last, at);
    }
  }
  return { missing: seen.size === 0 ? source.length : last - first + 1 - seen.size, doubled, unknown };
}
