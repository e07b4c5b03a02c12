/** The pictures of a file, each known by its coded bytes, and where they stand in the clip that a camera sent. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { sliceDigests } from '../../support/gst.ts';

const run = promisify(execFile);

/** How many pictures ffprobe finds: packets in the file, and pictures that come out of the decoder. */
export async function countFrames(file: string): Promise<{ packets: number; decoded: number }> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', 'v:0', '-count_packets', '-count_frames'],
    ...['-show_entries', 'stream=nb_read_packets,nb_read_frames', '-of', 'json', file],
  ]);
  const [stream] = JSON.parse(stdout).streams;
  return { packets: Number(stream.nb_read_packets), decoded: Number(stream.nb_read_frames) };
}

/** One digest a picture, in the order of the file: parameter sets left out, servers repeat those as they like. */
export async function pictureDigests(file: string, codec: 'h264' | 'h265'): Promise<string[]> {
  const [filter, format] = codec === 'h264' ? ['h264_mp4toannexb', 'h264'] : ['hevc_mp4toannexb', 'hevc'];
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-map', '0:v:0', '-c', 'copy', '-bsf:v', filter, '-f', format, '-'],
    { encoding: 'buffer', maxBuffer: 1 << 29 },
  );
  return sliceDigests(stdout, codec);
}

/** What a decoder says of the whole file; empty when it plays through. */
export async function complaints(file: string): Promise<string> {
  const { stderr } = await run('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:v', '-f', 'null', '-'], {
    maxBuffer: 1 << 24,
  });
  return stderr;
}

export interface Compared {
  /** Places in the source of the first and last picture. */
  readonly first: number;
  readonly last: number;
  readonly missing: number;
  readonly doubled: number;
  readonly unknown: number;
  readonly disordered: number;
}

/** Holds pictures against the source, in which no two are alike. */
export function compareWith(source: readonly string[], pictures: readonly string[]): Compared {
  const place = new Map(source.map((digest, i) => [digest, i]));
  if (place.size !== source.length) throw new Error('two pictures of the source are alike');
  const places = pictures.map((digest) => place.get(digest)).filter((at) => at !== undefined);
  const seen = new Set(places);
  const [first, last] = [Math.min(...places), Math.max(...places)];
  return {
    first,
    last,
    missing: last - first + 1 - seen.size,
    doubled: places.length - seen.size,
    unknown: pictures.length - places.length,
    disordered: places.filter((at, i) => i > 0 && at <= (places[i - 1] as number)).length,
  };
}

/** The same for a source that is sent round and round: true when the pictures are one unbroken stretch of it. */
export function isStretchOfLoop(loop: readonly string[], pictures: readonly string[]): boolean {
  const start = loop.indexOf(pictures[0] ?? '');
  return start >= 0 && pictures.every((digest, i) => digest === loop[(start + i) % loop.length]);
}

/** Sizes of the decoded pictures, one for each stretch of the same size. */
export async function sizesOf(file: string): Promise<string[]> {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'frame=width,height'];
  const { stdout } = await run('ffprobe', [...args, '-of', 'csv=p=0:s=x', file], { maxBuffer: 1 << 26 });
  const sizes = stdout.match(/\d+x\d+/g) ?? [];
  return sizes.filter((size, i) => size !== sizes[i - 1]);
}
