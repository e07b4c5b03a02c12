/**
 * One picture as JPEG, by FFmpeg: fed from the key before it up to it, so that it is that picture and no other.
 * At most two at a time; sixteen more may wait; each takes five seconds at the most.
 */
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { childEnvironment, Fault, refuse } from '../base/index.ts';
import { maxFrameBytes } from '../contract/frames.ts';
import { changePart, type PartHead, readPartHead } from './mp4/index.ts';

export interface StillSource {
  /** ftyp + moov. */
  readonly init: Uint8Array;
  /** moof + mdat each, from a key on; of one run, in order. */
  readonly parts: readonly Uint8Array[];
  /** Which picture: the last that is shown at or before this time of the run (1/90000 s); null: the first. */
  readonly shownTicks: number | null;
  /** Pixels; null: as recorded. */
  readonly width: number | null;
}

const maxRunning = 2;
const maxWaiting = 16;
const withinMs = 5_000;
const maxFedBytes = 4 * maxFrameBytes;

let running = 0;
const waiting: (() => void)[] = [];

/** JPEG. Refuses `still.no-ffmpeg` without FFmpeg and `request.too-many` when the queue is full. */
export async function takeStill(ffmpeg: string | null, source: StillSource): Promise<Uint8Array> {
  if (ffmpeg === null) refuse('still.no-ffmpeg');
  if (running >= maxRunning) {
    if (waiting.length >= maxWaiting) refuse('request.too-many', { seconds: 5 });
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running++;
  try {
    return await decode(ffmpeg, source);
  } finally {
    running--;
    waiting.shift()?.();
  }
}

/** The parts' times moved to begin at 0, and the time of the wanted picture in them. */
function rebased(source: StillSource): { parts: Uint8Array[]; shownTicks: number } {
  const parts = source.parts.map((part) => Uint8Array.from(part));
  const heads = parts.map((part) => readPartHead(part));
  const from = heads[0]?.video?.decodeTicks;
  if (from === undefined) throw new Fault('a still without a part that begins with a picture');
  for (const [i, head] of heads.entries())
    changePart(parts[i]!, head, {
      ...{ sequence: i + 1, shiftTicks: -from, videoEntry: 1, audioEntry: 1 },
    });
  return { parts, shownTicks: wanted(heads, source.shownTicks) - from };
}

/** The time at which the wanted picture is shown. */
function wanted(heads: readonly PartHead[], shownTicks: number | null): number {
  let best = Number.NEGATIVE_INFINITY;
  let first = Number.MAX_SAFE_INTEGER;
  for (const { video } of heads) {
    let decodeTicks = video?.decodeTicks ?? 0;
    for (const { ticks, ctsTicks } of video?.samples ?? []) {
      const shown = decodeTicks + ctsTicks;
      first = Math.min(first, shown);
      if (shownTicks !== null && shown <= shownTicks) best = Math.max(best, shown);
      decodeTicks += ticks;
    }
  }
  return Number.isFinite(best) ? best : first;
}

async function decode(ffmpeg: string, source: StillSource): Promise<Uint8Array> {
  const { parts, shownTicks } = rebased(source);
  if (parts.reduce((sum, part) => sum + part.length, 0) > maxFedBytes)
    throw new Fault('too many bytes between a key and the wanted picture');
  const scale = source.width === null ? '' : `,scale=w='min(${source.width},iw)':h=-2`;
  const child = spawn(
    ffmpeg,
    [
      ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-probesize', '32', '-analyzeduration', '0'],
      ...['-copyts', '-threads', '1', '-f', 'mp4', '-i', 'pipe:0', '-map', '0:v:0', '-an'],
      ...['-vf', `select=gte(pts\\,${shownTicks})${scale},format=yuvj420p`, '-frames:v', '1'],
      ...['-fps_mode', 'passthrough', '-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2pipe', 'pipe:1'],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], env: childEnvironment() },
  );
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    let bytes = 0;
    let complaint = '';
    const late = setTimeout(() => {
      complaint = `no picture within ${withinMs} ms`;
      child.kill('SIGKILL');
    }, withinMs);
    child.once('spawn', () => {
      if (child.pid !== undefined) setPriority(child.pid, 5);
    });
    // FFmpeg closes its input as soon as it has the picture.
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxFrameBytes) child.kill('SIGKILL');
      else out.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-500);
    });
    child.once('error', (cause) => {
      clearTimeout(late);
      reject(new Fault('FFmpeg does not start', { cause }));
    });
    child.once('close', (code) => {
      clearTimeout(late);
      if (code === 0 && bytes > 0) resolve(Uint8Array.from(Buffer.concat(out)));
      else reject(new Fault(`FFmpeg gave no picture: ${complaint.trim()}`, { retry: true }));
    });
    for (const piece of [source.init, ...parts]) child.stdin.write(piece);
    child.stdin.end();
  });
}
