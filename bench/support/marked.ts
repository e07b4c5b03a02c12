/**
 * A minute of 1080p25 H.264 at 4 Mb/s in which every picture carries its own number, black and white bars in a strip
 * at the top: so that a page's canvas says which picture is on the screen. Made once by FFmpeg.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { takeApart } from '../../test/engine/mp4/clips.ts';
import { sliceDigests } from '../../test/support/gst.ts';
import { say } from './report.ts';

const cache = new URL('../../.cache/bench/', import.meta.url).pathname;

export const pictureMs = 40;
export const pictures = 1500;
/** Width and height of a bar, px; the lowest bit stands left. */
export const bar = 48;
export const bits = 11;

const ffmpeg = (...args: string[]) =>
  execFileSync('ffmpeg', ['-nostdin', '-y', '-loglevel', 'error', ...args], { stdio: 'inherit' });

function madeOnce(name: string, make: (draft: string) => void): string {
  const path = cache + name;
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  say(`making ${path}, once`);
  const draft = `${cache}draft-${process.pid}-${name}`;
  make(draft);
  renameSync(draft, path);
  return path;
}

function encode(draft: string): void {
  const bars = Array.from(
    { length: bits },
    (_, i) =>
      `drawbox=x=${i * bar}:y=0:w=${bar}:h=${bar}:color=white:t=fill:enable='mod(floor(n/${2 ** i}),2)'`,
  );
  const strip = `drawbox=x=0:y=0:w=${bits * bar}:h=${bar}:color=black:t=fill`;
  const scene = `testsrc2=size=1920x1080:rate=25,noise=alls=8:allf=t`;
  ffmpeg(
    ...['-f', 'lavfi', '-i', [scene, strip, ...bars].join(','), '-frames:v', `${pictures}`],
    ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'high'],
    ...['-bf', '0', '-g', '50', '-sc_threshold', '0', '-b:v', '4M', '-maxrate', '4M', '-bufsize', '2M'],
    ...['-x264-params', 'nal-hrd=cbr', draft],
  );
}

const markedFile = (): string => madeOnce('marked-1080p25.mp4', encode);

/** The clip as an elementary stream (Annex B), for a server that sends it round and round. */
export function markedStream(): string {
  const file = markedFile();
  return madeOnce('marked-1080p25.h264', (draft) =>
    ffmpeg('-i', file, '-c', 'copy', '-bsf:v', 'h264_mp4toannexb', '-f', 'h264', draft),
  );
}

/** Which picture has these coded bytes (the digest of its only slice). */
export function numbersByDigest(): ReadonlyMap<string, number> {
  const digests = sliceDigests(readFileSync(markedStream()), 'h264');
  const numbers = new Map(digests.map((digest, number) => [digest, number]));
  if (numbers.size !== pictures) throw new Error(`${numbers.size} different slices in ${pictures} pictures`);
  return numbers;
}

/** The clip taken apart, for writing footage of it. */
export function markedUnits(): ReturnType<typeof takeApart> {
  const file = markedFile();
  const apart = madeOnce('marked-1080p25-apart.mp4', (draft) =>
    ffmpeg(
      ...['-i', file, '-c', 'copy', '-video_track_timescale', '90000'],
      ...['-movflags', 'frag_every_frame+default_base_moof+empty_moov', draft],
    ),
  );
  return takeApart(readFileSync(apart));
}
