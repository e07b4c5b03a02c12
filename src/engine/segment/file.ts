/**
 * One segment file, open for reading: its identity, its head and the index of its whole parts, found by walking the
 * parts' heads. What is damaged is named and left out, its neighbours stay; an open segment is walked on as it grows.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { Fault } from '../../base/index.ts';
import { maxFrameBytes } from '../../contract/frames.ts';
import {
  type Init,
  initExtent,
  Mp4Error,
  maxIdentityBytes,
  maxInitBytes,
  type PartHead,
  partHeadExtent,
  readBoxHead,
  readIdentity,
  readInit,
  readPartHead,
  type SegmentIdentity,
} from '../mp4/index.ts';

/** A whole part of a file. Offsets and sizes in bytes, `…Ticks` in 1/90000 s. */
export interface IndexedPart {
  readonly offset: number;
  readonly bytes: number;
  /** prft, as far as there is one. */
  readonly prftBytes: number;
  /** From `offset` to the media data. */
  readonly headBytes: number;
  readonly decodeTicks: number;
  readonly ticks: number;
  /** Offset of the first picture's presentation from its decode time, and of the end of the last-shown one. */
  readonly firstShownTicks: number;
  readonly lastShownTicks: number;
  /** UTC of the first picture. */
  readonly wallMs: number;
  /** Decoding can begin here. */
  readonly key: boolean;
  readonly pictures: number;
  /** The first picture alone: its size, duration and offset of presentation. */
  readonly firstBytes: number;
  readonly firstTicks: number;
  readonly firstCtsTicks: number;
  readonly sounds: number;
  /** Sound lies behind the pictures, at the end of the part. */
  readonly soundBytes: number;
}

/** A stretch of a file that cannot be played, from byte `at` to `to`, between two instants. */
export interface Damage {
  readonly at: number;
  readonly to: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly why: string;
}

/** Bytes behind the last whole part: of a part that is being written, or was when the power went. */
export interface Tail {
  readonly at: number;
  readonly bytes: number;
  readonly why: string;
}

/** A minute at 60 pictures a second, each a part and a key: no honest segment has more. */
const maxParts = 20_000;
const maxDamages = 1_000;
/** A part travels as one frame; a larger one is no part of ours. */
const maxPartBytes = maxFrameBytes - 1024;
/** Heads of parts have about 300 bytes; larger reads only fetch pictures that are not asked for. */
const windowBytes = 8 * 1024;
const scanBytes = 256 * 1024;
/** Within a run wall time follows the decode time; what deviates further is a flipped bit. */
const maxWallDeviationMs = 60_000;

export class SegmentFile implements AsyncDisposable {
  readonly path: string;
  readonly identity: SegmentIdentity;
  readonly init: Init;
  /** ftyp + moov. */
  readonly initBytes: Uint8Array;
  #parts: IndexedPart[] = [];
  #damage: Damage[] = [];
  #tail: Tail | null = null;
  #fileBytes = 0;
  #next: number;
  /** Where unplayable bytes began whose end is not known yet, and why. */
  #broken: { at: number; why: string } | null = null;
  #walking: Promise<void> = Promise.resolve();
  readonly #handle: FileHandle;

  private constructor(
    path: string,
    handle: FileHandle,
    head: { identity: SegmentIdentity; init: Init; initBytes: Uint8Array; partsAt: number },
  ) {
    this.path = path;
    this.#handle = handle;
    this.identity = head.identity;
    this.init = head.init;
    this.initBytes = head.initBytes;
    this.#next = head.partsAt;
  }

  /** Opens and walks a file. Mp4Error: it is not one of ours, or its head is damaged. Fault: it cannot be read. */
  static async open(path: string): Promise<SegmentFile> {
    const handle = await open(path, 'r').catch((cause: unknown) => {
      throw new Fault(`${path} cannot be opened`, { cause });
    });
    try {
      const file = new SegmentFile(path, handle, await readHead(handle));
      await file.grow();
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get parts(): readonly IndexedPart[] {
    return this.#parts;
  }
  get damage(): readonly Damage[] {
    return this.#damage;
  }
  /** What lies behind the last whole part; null when the file ends with it. */
  get tail(): Tail | null {
    return this.#tail;
  }
  /** As of the last walk. */
  get fileBytes(): number {
    return this.#fileBytes;
  }
  /** First byte behind the last whole part. */
  get wholeUntil(): number {
    return this.#next;
  }

  /** Walks what came behind the last whole part since. One walk at a time. */
  grow(): Promise<void> {
    const walk = this.#walking.then(() => this.#walk());
    this.#walking = walk.catch(() => {});
    return walk;
  }

  /** Bytes [from, to) of the file. A Fault when they are not there any more. */
  async read(from: number, to: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(to - from);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) throw new Fault(`${this.path} ends at ${from + filled}, before ${to}`);
      filled += bytesRead;
    }
    return bytes;
  }

  /** Index of the last part that begins at or before an instant and with a key; the first key else; -1: none. */
  keyAt(atMs: number): number {
    let found = this.#parts.findIndex((part) => part.key);
    for (let i = found + 1; i > 0 && i < this.#parts.length; i++) {
      if (this.#parts[i]!.wallMs > atMs) break;
      if (this.#parts[i]!.key) found = i;
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#walking;
    await this.#handle.close();
  }

  async #walk(): Promise<void> {
    this.#fileBytes = (await this.#handle.stat()).size;
    const window = new Window(this.#handle, this.#fileBytes);
    this.#tail = null;
    let at = this.#next;
    while (at < this.#fileBytes && this.#parts.length < maxParts) {
      const head = await headAt(window, at);
      if (head instanceof Mp4Error) {
        const next = await nextHead(window, this.#handle, at + 1, this.#fileBytes);
        if (next === null) {
          this.#tail = { at: this.#next, bytes: this.#fileBytes - this.#next, why: head.message };
          return;
        }
        this.#break(at, head.message);
        at = next;
        continue;
      }
      if (head === null || head.end > this.#fileBytes) {
        const bytes = this.#fileBytes - this.#next;
        this.#tail = { at: this.#next, bytes, why: `the last part is cut off at byte ${at}` };
        return;
      }
      this.#take(head);
      at = head.end;
      this.#next = at;
    }
  }

  #break(at: number, why: string): void {
    this.#broken ??= { at, why };
  }

  /** A whole part: into the index, unless the pictures it builds on are lost. */
  #take(head: PartHead): void {
    const part = indexed(head, this.#parts, this.identity.startMs);
    const last = this.#parts.at(-1);
    if (last !== undefined && last.decodeTicks + last.ticks > part.decodeTicks + 90_000) {
      this.#break(last.offset, `durations that do not agree with the part behind at byte ${last.offset}`);
      this.#parts.pop();
    }
    if (!part.key && (this.#broken !== null || this.#parts.length === 0)) {
      this.#break(part.offset, `a part without the key before it at byte ${part.offset}`);
      return;
    }
    if (this.#broken !== null) this.#mend(part);
    this.#parts.push(part);
  }

  /** Playing goes on here: what was broken is a damage with an end. */
  #mend(part: IndexedPart): void {
    const last = this.#parts.at(-1);
    const fromMs = last === undefined ? this.identity.startMs : last.wallMs + last.ticks / 90;
    const { at, why } = this.#broken!;
    this.#broken = null;
    if (this.#damage.length >= maxDamages) return;
    this.#damage.push({ at, to: part.offset, fromMs: Math.min(fromMs, part.wallMs), toMs: part.wallMs, why });
  }

  /** Damage that reaches to the end of the whole parts: there was no key behind it. */
  get brokenEnd(): { at: number; why: string } | null {
    return this.#broken;
  }
}

function indexed(head: PartHead, before: readonly IndexedPart[], startMs: number): IndexedPart {
  const run = head.video!;
  const first = run.samples[0]!;
  let shown = 0;
  let firstShownTicks = Number.MAX_SAFE_INTEGER;
  let lastShownTicks = 0;
  for (const { ticks, ctsTicks } of run.samples) {
    firstShownTicks = Math.min(firstShownTicks, shown + ctsTicks);
    lastShownTicks = Math.max(lastShownTicks, shown + ctsTicks + ticks);
    shown += ticks;
  }
  return {
    offset: head.at,
    bytes: head.end - head.at,
    prftBytes: head.moofAt - head.at,
    headBytes: head.dataAt - head.at,
    decodeTicks: run.decodeTicks,
    ticks: run.ticks,
    firstShownTicks,
    lastShownTicks,
    wallMs: wallOf(head.wallMs, run.decodeTicks, before, startMs),
    key: first.key,
    pictures: run.samples.length,
    firstBytes: first.bytes,
    firstTicks: first.ticks,
    firstCtsTicks: first.ctsTicks,
    sounds: head.audio?.samples.length ?? 0,
    soundBytes: head.audio?.samples.reduce((sum, sample) => sum + sample.bytes, 0) ?? 0,
  };
}

/** The part's own wall time where it is believable, else what the parts before it let expect. */
function wallOf(
  own: number | null,
  decodeTicks: number,
  before: readonly IndexedPart[],
  startMs: number,
): number {
  const last = before.at(-1);
  const expected = last === undefined ? startMs : last.wallMs + (decodeTicks - last.decodeTicks) / 90;
  return own !== null && Math.abs(own - expected) <= maxWallDeviationMs ? own : expected;
}

/** The head of the part at a position; null: the file ends inside of it. */
async function headAt(window: Window, at: number): Promise<PartHead | Mp4Error | null> {
  try {
    for (let wanted = 8; ; ) {
      const bytes = await window.at(at, wanted);
      if (bytes.length < wanted) return null;
      const extent = partHeadExtent(bytes);
      wanted = extent;
      if (extent > bytes.length) continue;
      const head = shift(readPartHead(bytes), at);
      if (head.end - at > maxPartBytes) return new Mp4Error('a part larger than allowed', at);
      return head.video === null ? new Mp4Error('a stored part without a picture', at) : head;
    }
  } catch (error) {
    if (!(error instanceof Mp4Error)) throw error;
    return new Mp4Error(error.what, error.at + at);
  }
}

const shift = (head: PartHead, by: number): PartHead => ({
  ...head,
  at: head.at + by,
  moofAt: head.moofAt + by,
  dataAt: head.dataAt + by,
  end: head.end + by,
});

/**
 * The next position where the head of a part can be read: after a flipped head its neighbours play. A name that
 * stands in the pictures by chance is not followed by a head that adds up.
 */
async function nextHead(
  window: Window,
  handle: FileHandle,
  from: number,
  fileBytes: number,
): Promise<number | null> {
  const bytes = Buffer.allocUnsafe(scanBytes);
  for (let base = from; base + 8 < fileBytes; base += scanBytes - 8) {
    const { bytesRead } = await handle.read(bytes, 0, scanBytes, base);
    const scanned = bytes.subarray(0, bytesRead);
    for (const at of candidates(scanned)) {
      const head = await headAt(window, base + at);
      if (head !== null && !(head instanceof Mp4Error) && head.end <= fileBytes) return base + at;
    }
  }
  return null;
}

/** Where the names prft and moof stand, 4 bytes back: in order. */
function candidates(bytes: Buffer): number[] {
  const found: number[] = [];
  for (const name of ['prft', 'moof'])
    for (let at = bytes.indexOf(name, 4, 'latin1'); at >= 0; at = bytes.indexOf(name, at + 1, 'latin1'))
      found.push(at - 4);
  return found.sort((a, b) => a - b);
}

/** Reads ahead in one file by small windows. */
class Window {
  readonly #handle: FileHandle;
  readonly #fileBytes: number;
  #from = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(handle: FileHandle, fileBytes: number) {
    this.#handle = handle;
    this.#fileBytes = fileBytes;
  }

  /** At least `wanted` bytes from `at` on, fewer only at the end of the file. */
  async at(at: number, wanted: number): Promise<Buffer> {
    const there = at >= this.#from ? this.#bytes.subarray(at - this.#from) : this.#bytes.subarray(0, 0);
    if (there.length >= wanted) return there;
    const length = Math.min(Math.max(wanted, windowBytes), Math.max(0, this.#fileBytes - at));
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.#handle.read(bytes, 0, length, at);
    this.#from = at;
    this.#bytes = bytes.subarray(0, bytesRead);
    return this.#bytes;
  }
}

async function readHead(
  handle: FileHandle,
): Promise<{ identity: SegmentIdentity; init: Init; initBytes: Uint8Array; partsAt: number }> {
  let bytes = await readStart(handle, windowBytes);
  const moovEnd = initExtent(bytes);
  if (moovEnd === null) throw new Mp4Error('a file without moov', 0);
  if (moovEnd + maxIdentityBytes > bytes.length)
    bytes = await readStart(handle, Math.min(moovEnd, maxInitBytes) + maxIdentityBytes);
  const init = readInit(bytes);
  const uuid = readBoxHead(bytes, init.bytes);
  const identity = readIdentity(bytes, uuid);
  return { identity, init, initBytes: Uint8Array.from(bytes.subarray(0, init.bytes)), partsAt: uuid.end };
}

async function readStart(handle: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(bytes, 0, length, 0);
  return bytes.subarray(0, bytesRead);
}
