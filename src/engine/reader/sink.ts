/** Stored parts on their way to a player: as they are, or through FFmpeg for who cannot play them. */
import { Fault, type Log } from '../../base/index.ts';
import { encodeInit, encodeJson, encodePartHead } from '../../contract/frames.ts';
import { describeInit, type Mp4Video, partHead } from '../mp4/index.ts';
import type { IndexedPart, SegmentFile } from '../segment/index.ts';
import { type PartOut, Transcode } from '../transcode.ts';
import type { Outlet } from './outlet.ts';

/** A part to be sent; for keys only, its first picture until the next key. */
export interface Wanted {
  readonly file: SegmentFile;
  readonly part: IndexedPart;
  /** null: the whole part. A number: the first picture alone, shown for so long. */
  readonly keyTicks: number | null;
}

export interface Sink {
  /** Resolves when the next can be taken. */
  send(wanted: Wanted): Promise<void>;
  /** What went in has gone out. */
  flush(): Promise<void>;
  /** A seek: what is on its way is of no use any more, and what waits in here is over. */
  reset(): Promise<void>;
}

/** Counts the heads that a connection was sent: a part belongs to the newest. */
export class Epochs {
  #epoch = 0;
  #init: Uint8Array | null = null;
  readonly #outlet: Outlet;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  async of(init: Uint8Array, json: () => ReturnType<typeof describeInit>): Promise<number> {
    if (this.#init !== null && Buffer.compare(this.#init, init) === 0) return this.#epoch;
    this.#init = init;
    this.#epoch++;
    await this.#outlet.frame([encodeInit(this.#epoch, json(), init)]);
    return this.#epoch;
  }
}

/** moof + mdat of a part, without prft; for keys only a part made of the first picture. */
async function bytesOf({ file, part, keyTicks }: Wanted): Promise<{ head: number; pieces: Uint8Array[] }> {
  const { offset, prftBytes, headBytes, decodeTicks } = part;
  if (keyTicks === null) {
    const bytes = await file.read(offset + prftBytes, offset + part.bytes);
    return { head: headBytes - prftBytes, pieces: [bytes] };
  }
  const data = await file.read(offset + headBytes, offset + headBytes + part.firstBytes);
  const sample = { bytes: part.firstBytes, ticks: keyTicks, key: true, ctsTicks: part.firstCtsTicks };
  const head = partHead({ sequence: 1, video: { decodeTicks, samples: [sample] } });
  return { head: head.length, pieces: [head, data] };
}

/** The bytes as they were recorded. */
export class DirectSink implements Sink {
  readonly #outlet: Outlet;
  readonly #epochs: Epochs;
  /** What the next part must be to follow on. */
  #next = { run: '', decodeTicks: -1 };

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
    this.#epochs = new Epochs(outlet);
  }

  async send(wanted: Wanted): Promise<void> {
    const { file, part, keyTicks } = wanted;
    const { head, pieces } = await bytesOf(wanted);
    const { init, initBytes, identity } = file;
    const epoch = await this.#epochs.of(initBytes, () =>
      describeInit(init.videos[0]!, init.audios[0] ?? null),
    );
    const discontinuity = this.#next.run !== identity.run || this.#next.decodeTicks !== part.decodeTicks;
    const ticks = keyTicks ?? part.ticks;
    this.#next = { run: identity.run, decodeTicks: part.decodeTicks + ticks };
    const frame = encodePartHead({
      ...{ epoch, key: part.key, discontinuity, audio: part.sounds > 0 && keyTicks === null, ticks },
      ...{ wallMs: part.wallMs, decodeTicks: part.decodeTicks, payloadOffset: head },
    });
    await this.#outlet.frame([frame, ...pieces], ticks / 90_000);
  }

  async flush(): Promise<void> {}

  async reset(): Promise<void> {
    this.#next = { run: '', decodeTicks: -1 };
  }
}

export interface TranscodeLeave {
  readonly ffmpeg: string | null;
  readonly log: Log;
  /** Asks for one of the transcodes that may run at once; `ended` gives it back. */
  mayStart(): Promise<boolean>;
  ended(): void;
}

/** Through FFmpeg: one child for each head, and a new one after each seek. */
export class TranscodeSink implements Sink {
  readonly #outlet: Outlet;
  readonly #epochs: Epochs;
  readonly #leave: TranscodeLeave;
  #mayRun: 'unasked' | 'yes' | 'no' | 'given back' = 'unasked';
  #child: { readonly transcode: Transcode; isMuted: boolean } | null = null;
  #init: Uint8Array | null = null;
  #run = '';
  #out: { init: Uint8Array; video: Mp4Video } | null = null;
  #isNew = true;

  constructor(outlet: Outlet, leave: TranscodeLeave) {
    this.#outlet = outlet;
    this.#epochs = new Epochs(outlet);
    this.#leave = leave;
  }

  async send(wanted: Wanted): Promise<void> {
    const { file, part, keyTicks } = wanted;
    if (this.#mayRun === 'unasked') await this.#ask(file.init.videos[0]!.codecString);
    if (this.#mayRun !== 'yes') return;
    if (this.#init === null || Buffer.compare(this.#init, file.initBytes) !== 0) await this.#begin(file);
    if (this.#run !== file.identity.run) this.#child?.transcode.breakHere();
    this.#run = file.identity.run;
    const { pieces } = await bytesOf(wanted);
    const { decodeTicks, ticks, wallMs, key } = part;
    await this.#child?.transcode.feed({ pieces, key, decodeTicks, ticks: keyTicks ?? ticks, wallMs });
  }

  async flush(): Promise<void> {
    const child = this.#child;
    this.#init = null;
    if (child === null) return;
    await child.transcode.finish();
    if (this.#child === child) this.#child = null;
  }

  async reset(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    this.#init = null;
    if (child === null) return;
    child.isMuted = true;
    await child.transcode[Symbol.asyncDispose]();
  }

  /** The viewer is gone. */
  async end(): Promise<void> {
    const held = this.#mayRun === 'yes';
    this.#mayRun = 'given back';
    await this.reset();
    if (held) this.#leave.ended();
  }

  async #ask(codec: string): Promise<void> {
    const may = this.#leave.ffmpeg !== null && (await this.#leave.mayStart());
    if (this.#mayRun !== 'unasked') {
      if (may) this.#leave.ended();
      return;
    }
    this.#mayRun = may ? 'yes' : 'no';
    const reason = this.#leave.ffmpeg === null ? 'FFmpeg' : 'limit';
    if (!may) await this.#problem(codec, reason);
  }

  #problem(codec: string, reason: string): Promise<void> {
    return this.#outlet.frame([
      encodeJson('problem', { code: 'view.cannot-play', values: { codec, reason } }),
    ]);
  }

  async #begin(file: SegmentFile): Promise<void> {
    await this.flush();
    if (this.#leave.ffmpeg === null) throw new Fault('a transcode without FFmpeg');
    this.#init = file.initBytes;
    this.#isNew = true;
    const codec = file.init.videos[0]!.codecString;
    const transcode = new Transcode({
      ffmpeg: this.#leave.ffmpeg,
      init: file.initBytes,
      onInit: (init, video) => {
        this.#out = { init, video };
      },
      onPart: (part) => (child.isMuted ? undefined : this.#pass(part)),
      onEnd: (why) => {
        if (why === null || child.isMuted) return;
        this.#leave.log.error({ problem: why }, 'a transcode ended');
        if (this.#child === child) this.#child = null;
        void this.#problem(codec, why.slice(0, 200));
      },
    });
    const child = { transcode, isMuted: false };
    this.#child = child;
  }

  async #pass(part: PartOut): Promise<void> {
    if (this.#out === null) return;
    const { init, video } = this.#out;
    const epoch = await this.#epochs.of(init, () => describeInit(video, null));
    const discontinuity = part.discontinuity || this.#isNew;
    this.#isNew = false;
    const head = encodePartHead({ ...part, epoch, discontinuity, audio: false });
    await this.#outlet.frame([head, part.bytes], part.ticks / 90_000);
  }
}
