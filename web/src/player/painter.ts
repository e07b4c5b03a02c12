/**
 * The low-delay way to a picture: WebCodecs decodes every part as it comes and the newest picture is painted on a
 * canvas at once, nothing is held back. When the decoder falls behind, everything up to the next key is left out.
 */
import type { Frame } from '../../../src/contract/frames.ts';
import { describeVideo, readPictures } from './boxes.ts';

type Init = Extract<Frame, { kind: 'init' }>;
type Part = Extract<Frame, { kind: 'part' }>;

export interface PainterOptions {
  readonly canvas: HTMLCanvasElement;
  /** A picture is on the canvas: which instant it shows. */
  readonly onPicture: (wallMs: number) => void;
  readonly onBroken: (why: string) => void;
}

/** Pictures that wait in the decoder before the rest is dropped to the next key. */
const mostWaiting = 30;
/** While this many wait, the ones before are decoded but not painted: catching up is not shown as a fast film. */
const paintBelow = 3;
/** Wall times of pictures that are in the decoder. */
const mostKnown = 256;

/** WebCodecs exists in secure contexts only. */
export const canPaint = (): boolean => globalThis.isSecureContext && 'VideoDecoder' in globalThis;

export class Painter implements Disposable {
  readonly #options: PainterOptions;
  readonly #context: CanvasRenderingContext2D | null;
  #decoder: VideoDecoder | null = null;
  #config: VideoDecoderConfig | null = null;
  #trackId = 1;
  #epoch = -1;
  #waitsForKey = true;
  #painted = false;
  #over = false;
  /** Timestamp in µs, as given to the decoder, to wall time. */
  readonly #walls = new Map<number, number>();

  constructor(options: PainterOptions) {
    this.#options = options;
    this.#context = options.canvas.getContext('2d', { alpha: false });
  }

  [Symbol.dispose](): void {
    this.#over = true;
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#decoder = null;
  }

  #break(why: string): void {
    if (this.#over) return;
    this[Symbol.dispose]();
    this.#options.onBroken(why);
  }

  init(frame: Init): void {
    const video = describeVideo(frame.bytes);
    this.#epoch = frame.epoch;
    this.#waitsForKey = true;
    if (!video) {
      this.#break(frame.json.codecs);
      return;
    }
    this.#trackId = video.trackId;
    this.#config = {
      codec: frame.json.video,
      codedWidth: frame.json.width,
      codedHeight: frame.json.height,
      description: video.description as Uint8Array<ArrayBuffer>,
      optimizeForLatency: true,
    };
    this.#configure();
  }

  #configure(): void {
    if (this.#over || !this.#config) return;
    this.#decoder ??= new VideoDecoder({
      output: (picture) => this.#paint(picture),
      error: (error) => this.#break(error.message),
    });
    try {
      this.#decoder.configure(this.#config);
    } catch (error) {
      this.#break(error instanceof Error ? error.message : String(error));
    }
  }

  part(frame: Part): void {
    const decoder = this.#decoder;
    if (this.#over || !decoder || frame.epoch !== this.#epoch) return;
    if (decoder.decodeQueueSize > mostWaiting) {
      decoder.reset();
      this.#configure();
      this.#walls.clear();
      this.#waitsForKey = true;
    }
    if (this.#waitsForKey && !frame.key) return;
    const pictures = readPictures(frame.bytes, this.#trackId);
    if (!pictures) return;
    this.#waitsForKey = false;
    this.#decodeEach(decoder, frame, pictures);
  }

  #decodeEach(
    decoder: VideoDecoder,
    frame: Part,
    pictures: NonNullable<ReturnType<typeof readPictures>>,
  ): void {
    let at = pictures.dataOffset;
    const firstTicks = pictures.shownTicks[0] as number;
    // Timestamps need only be unique: decode times restart with every connection, wall times do not.
    let startUs = Math.round(frame.wallMs * 1000);
    while (this.#walls.has(startUs)) startUs += 1;
    pictures.bytes.forEach((bytes, index) => {
      const data = frame.bytes.subarray(at, at + bytes);
      at += bytes;
      const laterUs = Math.round((((pictures.shownTicks[index] as number) - firstTicks) / 90_000) * 1e6);
      const timestamp = startUs + laterUs;
      this.#remember(timestamp, frame.wallMs + laterUs / 1000);
      decoder.decode(
        new EncodedVideoChunk({
          type: frame.key && index === 0 ? 'key' : 'delta',
          timestamp,
          data: data as Uint8Array<ArrayBuffer>,
        }),
      );
    });
  }

  #remember(timestamp: number, wallMs: number): void {
    this.#walls.set(timestamp, wallMs);
    if (this.#walls.size <= mostKnown) return;
    const oldest = this.#walls.keys().next().value;
    if (oldest !== undefined) this.#walls.delete(oldest);
  }

  #paint(picture: VideoFrame): void {
    const wallMs = this.#walls.get(picture.timestamp);
    this.#walls.delete(picture.timestamp);
    const late = this.#painted && (this.#decoder?.decodeQueueSize ?? 0) >= paintBelow;
    if (!this.#over && this.#context && !late) {
      const { canvas } = this.#options;
      if (canvas.width !== picture.displayWidth) canvas.width = picture.displayWidth;
      if (canvas.height !== picture.displayHeight) canvas.height = picture.displayHeight;
      this.#context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      this.#painted = true;
      if (wallMs !== undefined) this.#options.onPicture(wallMs);
    }
    picture.close();
  }
}
