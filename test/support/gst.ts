/**
 * GStreamer's RTSP server, started for one test: `await using server = await startGst({ streams: [...] })`. A peer
 * nobody here wrote. Also makes the clips it serves, and says what is in them.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { encoded } from './encoded.ts';

const run = promisify(execFile);

export interface GstStream {
  /** Begins with a slash. */
  readonly path: string;
  /** A GStreamer launch line whose payloaders are named pay0, pay1, …; see `fileLaunch`, `liveLaunch`. */
  readonly launch: string;
  /** True: all clients see one pipeline. False (the rule here): each client starts at the clip's first picture. */
  readonly shared?: boolean;
  readonly protocols?: 'tcp' | 'udp' | 'both';
}

export interface GstOptions {
  readonly streams: readonly GstStream[];
  readonly signIn?: { readonly kind: 'digest' | 'basic'; readonly user: string; readonly password: string };
  /** A file with a certificate and its key, PEM: serves rtsps. See `selfSigned`. */
  readonly tls?: string;
  /** A free one by default; give one to start again where a server stood before. */
  readonly port?: number;
}

export interface GstServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Without credentials. */
  url(path: string): string;
  /** Like a camera that freezes with its sockets open, and like one that goes on. */
  freeze(): void;
  thaw(): void;
}

export async function startGst(options: GstOptions): Promise<GstServer> {
  const script = new URL('./gst-rtsp-server.py', import.meta.url).pathname;
  const child = spawn('/usr/bin/python3', [script, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, GST_DEBUG: process.env.GST_DEBUG ?? '0' },
  });
  const port = await readyPort(child);
  const scheme = options.tls === undefined ? 'rtsp' : 'rtsps';
  return {
    port,
    pid: child.pid ?? 0,
    url: (path) => `${scheme}://127.0.0.1:${port}${path}`,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    [Symbol.asyncDispose]: () => ended(child),
  };
}

async function readyPort(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('no output of the RTSP server');
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = /^ready (\d+)$/.exec(line);
    if (ready) return Number(ready[1]);
  }
  throw new Error('the RTSP server did not start: are gir1.2-gst-rtsp-server-1.0 and python3-gi installed?');
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Serves a clip's picture (and, if it has some, its sound) once, in real time, from its first picture. */
export function fileLaunch(file: string, codec: 'h264' | 'h265', sound?: 'aac' | 'pcma' | 'pcmu'): string {
  const demux = file.endsWith('.mkv') ? 'matroskademux' : 'qtdemux';
  const pays = { aac: 'aacparse ! rtpmp4gpay', pcma: 'rtppcmapay', pcmu: 'rtppcmupay' };
  const audio = sound === undefined ? '' : `d.audio_0 ! queue ! ${pays[sound]} name=pay1 pt=97`;
  return (
    `( filesrc location="${file}" ! ${demux} name=d ` +
    `d.video_0 ! queue ! ${codec}parse ! rtp${codec}pay name=pay0 pt=96 config-interval=-1 ${audio} )`
  );
}

/**
 * Serves an elementary stream (`.h264`, `.h265` in Annex B) round and round with times that go on: for runs longer
 * than any clip, at hardly any cost. For clips without B pictures.
 */
export function loopLaunch(file: string, codec: 'h264' | 'h265', fps: number): string {
  const caps = `video/x-${codec},stream-format=byte-stream,framerate=${fps}/1`;
  return (
    `( multifilesrc location="${file}" loop=true caps="${caps}" ! ${codec}parse name=loop ` +
    `! rtp${codec}pay name=pay0 pt=96 config-interval=-1 )`
  );
}

/** Encodes moving figures while someone watches; costs processor time, so keep it small. */
export function liveLaunch(options: { width?: number; height?: number; fps?: number } = {}): string {
  const { width = 320, height = 240, fps = 15 } = options;
  return (
    `( videotestsrc is-live=true pattern=ball ! video/x-raw,width=${width},height=${height},framerate=${fps}/1 ` +
    `! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=${fps} ! rtph264pay name=pay0 pt=96 )`
  );
}

export interface ClipOptions {
  readonly codec?: 'h264' | 'h265';
  readonly seconds?: number;
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** Pictures between keys. */
  readonly gop?: number;
  readonly bFrames?: number;
  readonly kbps?: number;
  readonly sound?: 'aac' | 'pcma' | 'pcmu';
  readonly slices?: number;
  /** A film that is shown round and round, with grain so that no two pictures are alike, instead of the test picture. */
  readonly film?: string;
}

export interface Clip extends AsyncDisposable {
  /** MP4 (or MKV, with G.711). */
  readonly file: string;
  /** The same pictures as an elementary stream (Annex B). */
  readonly stream: string;
  readonly codec: 'h264' | 'h265';
  /** SHA-1 of each slice NAL unit, in decoding order. */
  readonly slices: readonly string[];
  readonly pictures: number;
}

/** A clip by FFmpeg, in a folder of its own. */
export async function makeClip(options: ClipOptions = {}): Promise<Clip> {
  const codec = options.codec ?? 'h264';
  const g711 = options.sound === 'pcma' || options.sound === 'pcmu';
  const [name, plain] = [g711 ? 'clip.mkv' : 'clip.mp4', `clip.${codec}`];
  const filter = codec === 'h264' ? 'h264_mp4toannexb' : 'hevc_mp4toannexb';
  const quiet = ['-v', 'error', '-y'];
  const encode = [...quiet, ...encodeArguments(options, codec), name];
  const unpack = [...quiet, '-i', name, '-map', '0:v', '-c', 'copy', '-bsf:v', filter, plain];
  const made = await encoded([encode, unpack], async (cwd) => {
    await run('ffmpeg', encode, { cwd });
    await run('ffmpeg', unpack, { cwd });
  });
  const folder = await mkdtemp(join(tmpdir(), 'custos-clip-'));
  await cp(made, folder, { recursive: true });
  const stream = join(folder, plain);
  const slices = sliceDigests(await readFile(stream), codec);
  return {
    file: join(folder, name),
    stream,
    codec,
    slices,
    pictures: slices.length / (options.slices ?? 1),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function encodeArguments(options: ClipOptions, codec: 'h264' | 'h265'): string[] {
  const { seconds = 3, width = 640, height = 360, fps = 25, gop = 25, bFrames = 0, kbps = 1000 } = options;
  const picture = options.film
    ? [
        '-stream_loop',
        '-1',
        '-i',
        options.film,
        '-vf',
        `scale=${width}:${height},fps=${fps},noise=alls=6:allf=t`,
      ]
    : ['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${fps}`];
  const g711 = options.sound === 'pcma' || options.sound === 'pcmu';
  const rate = g711 ? 8000 : 44_100;
  const sound = { aac: 'aac', pcma: 'pcm_alaw', pcmu: 'pcm_mulaw' };
  const video =
    codec === 'h264'
      ? ['-c:v', 'libx264', '-x264-params', `sliced-threads=0:slices=${options.slices ?? 1}:scenecut=0`]
      : [
          '-c:v',
          'libx265',
          '-x265-params',
          `log-level=error:scenecut=0:open-gop=0:keyint=${gop}:bframes=${bFrames}`,
        ];
  return [
    ...picture,
    ...(options.film ? ['-an'] : []),
    ...(options.sound ? ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${rate}`] : []),
    ...['-t', String(seconds), '-pix_fmt', 'yuv420p', ...video, '-preset', 'ultrafast'],
    ...[
      '-g',
      String(gop),
      '-bf',
      String(bFrames),
      '-b:v',
      `${kbps}k`,
      '-maxrate',
      `${kbps}k`,
      '-bufsize',
      `${kbps}k`,
    ],
    ...(options.sound ? ['-c:a', sound[options.sound], '-ac', '1'] : []),
  ];
}

/** The digests of the slices of an Annex B stream. */
export function sliceDigests(stream: Buffer, codec: 'h264' | 'h265'): string[] {
  return splitAnnexB(stream)
    .filter((nal) => isSlice(nal, codec))
    .map(digest);
}

/** The digests of the slices of a unit as the engine hands it on: NAL units behind their 4-byte length. */
export function unitSliceDigests(unit: Uint8Array, codec: 'h264' | 'h265'): string[] {
  return splitLengths(unit)
    .filter((nal) => isSlice(nal, codec))
    .map(digest);
}

export function splitLengths(unit: Uint8Array): Buffer[] {
  const bytes = Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength);
  const nals: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Error('a NAL unit passes the end of its access unit');
    nals.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return nals;
}

function splitAnnexB(stream: Buffer): Buffer[] {
  const code = Buffer.from([0, 0, 1]);
  const nals: Buffer[] = [];
  for (let at = stream.indexOf(code); at !== -1; ) {
    const next = stream.indexOf(code, at + 3);
    let end = next === -1 ? stream.length : next;
    while (next !== -1 && end > at + 3 && stream[end - 1] === 0) end--;
    nals.push(stream.subarray(at + 3, end));
    at = next;
  }
  return nals;
}

function isSlice(nal: Buffer, codec: 'h264' | 'h265'): boolean {
  const type = codec === 'h264' ? (nal[0] ?? 0) & 31 : ((nal[0] ?? 0) >> 1) & 63;
  return codec === 'h264' ? type >= 1 && type <= 5 : type < 32;
}

const digest = (nal: Uint8Array): string => createHash('sha1').update(nal).digest('hex');

/** A self-signed certificate and its key in one file, as cameras have them. */
export async function selfSigned(folder: string): Promise<string> {
  const file = join(folder, 'camera.pem');
  const subject = ['-subj', '/CN=camera', '-days', '2', '-nodes'];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-keyout',
    file,
    '-out',
    `${file}.crt`,
    ...subject,
  ]);
  const both = Buffer.concat([await readFile(file), await readFile(`${file}.crt`)]);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(file, both);
  return file;
}
