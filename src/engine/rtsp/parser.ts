/**
 * The RTSP parser: an incremental reader of one byte stream that mixes messages and binary frames. Frames are handed
 * on in place, inside the caller's read buffer, without a copy or an object: this is the hot path of a recording.
 * Only what straddles two reads is copied. Everything has a bound; past it the parser throws and is of no more use.
 */

import { defaultLimits, type LinkLimits } from './limits.ts';
import { contentLength, isStartLine, parseHead, type RtspMessage } from './message.ts';
import { LinkProblem } from './problem.ts';

export interface RtspSink {
  /** A binary frame's payload is `bytes[from, to)`, valid only during the call. */
  frame(channel: number, bytes: Buffer, from: number, to: number): void;
  message(message: RtspMessage): void;
  /** After a framing slip: is a frame of this channel expected? Keeps a stray `$` from being taken for one. */
  expects(channel: number): boolean;
}

export type ParserLimits = Pick<LinkLimits, 'headerBytes' | 'headerLines' | 'bodyBytes' | 'garbageBytes'>;

const dollar = 0x24;
const cr = 13;
const lf = 10;

type Head = Exclude<ReturnType<typeof parseHead>, null | 'too-many'>;

export class RtspParser {
  readonly #sink: RtspSink;
  readonly #limits: ParserLimits;
  /** The beginning of an item whose end has not come yet. Grows as needed, up to the bound of what it holds. */
  #carry = Buffer.alloc(0);
  #carried = 0;
  /** A message whose body has not come whole yet. */
  #head: Head | null = null;
  #bodyBytes = 0;
  /** Where the search for the end of the head goes on, relative to the beginning of the item. */
  #searched = 0;
  #garbage = 0;
  #slipped = false;
  #messages = 0;
  #ended = false;

  constructor(sink: RtspSink, limits: ParserLimits = defaultLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** Stops handing on, also in the middle of a `push`: called from inside a sink when the connection is over. */
  end(): void {
    this.#ended = true;
  }

  /** Takes the next bytes, `chunk[0, length)`. Throws a LinkProblem when they pass a bound or make no sense. */
  push(chunk: Buffer, length: number = chunk.length): void {
    let at = 0;
    while (this.#carried > 0 && at < length && !this.#ended) at = this.#refill(chunk, at, length);
    if (at >= length || this.#ended) return;
    const used = this.#read(chunk, at, length);
    if (used < length && !this.#ended) this.#keep(chunk, used, length);
  }

  /** Adds to the carried beginning just what its item still wants, and reads it when it is whole. */
  #refill(chunk: Buffer, at: number, length: number): number {
    const wanted = this.#wanted();
    const taken = Math.min(wanted, length - at);
    this.#keep(chunk, at, at + taken);
    const bytes = this.#carry;
    const end = this.#carried;
    const used = this.#read(bytes, 0, end);
    this.#carried = 0;
    if (used < end && !this.#ended) {
      if (used > 0) bytes.copyWithin(0, used, end);
      this.#carried = end - used;
    } else if (this.#carry.length > 4096) {
      // What straddles is mostly a packet of 1.4 kB; a big one must not stay with each of a hundred cameras.
      this.#carry = Buffer.alloc(0);
    }
    return at + taken;
  }

  /** How many bytes the carried item needs for its next step, at least 1. */
  #wanted(): number {
    if (this.#head) return Math.max(1, this.#bodyBytes - this.#carried);
    if (this.#carry[0] !== dollar) return 512;
    if (this.#carried < 4) return 4 - this.#carried;
    return Math.max(1, 4 + this.#carry.readUInt16BE(2) - this.#carried);
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    const need = this.#carried + to - from;
    if (need > this.#carry.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(2048, 2 ** Math.ceil(Math.log2(need))));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    chunk.copy(this.#carry, this.#carried, from, to);
    this.#carried = need;
  }

  /** Reads whole items from `bytes[at, end)` and returns where the first that is not whole begins. */
  #read(bytes: Buffer, at: number, end: number): number {
    while (at < end && !this.#ended) {
      const first = bytes[at];
      if (this.#head) {
        if (end - at < this.#bodyBytes) return at;
        at = this.#body(bytes, at);
      } else if (
        first === dollar &&
        (!this.#slipped || at + 1 >= end || this.#sink.expects(bytes[at + 1]!))
      ) {
        if (end - at < 4) return at;
        const to = at + 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
        if (to > end) return at;
        this.#slipped = false;
        this.#sink.frame(bytes[at + 1]!, bytes, at + 4, to);
        at = to;
      } else if (first === cr || first === lf) {
        at++;
        this.#litter(1);
      } else {
        const next = this.#message(bytes, at, end);
        if (next === at) return at;
        at = next;
      }
    }
    return at;
  }

  /** Reads the head at `at`; returns `at` when it is not whole, else where the next item begins. */
  #message(bytes: Buffer, at: number, end: number): number {
    if (!mayBegin(bytes, at, end, this.#slipped)) return this.#slip(at);
    const line = bytes.indexOf(lf, at);
    const lineEnd = line === -1 || line >= end ? end : line;
    this.#boundHead(lineEnd - at);
    if (lineEnd === end) return at;
    if (!isStartLine(bytes.toString('utf8', at, lineEnd))) return this.#slip(at);
    const body = headEnd(bytes, at + this.#searched, end);
    this.#boundHead((body === -1 ? end : body) - at);
    if (body === -1) {
      this.#searched = Math.max(0, end - at - 3);
      return at;
    }
    this.#searched = 0;
    const head = parseHead(bytes.toString('utf8', at, body).trimEnd(), this.#limits.headerLines);
    if (head === 'too-many') {
      throw new LinkProblem('too-large', { what: `> ${this.#limits.headerLines} header lines` });
    }
    if (head === null) return this.#slip(at);
    this.#begin(head);
    return body;
  }

  #boundHead(length: number): void {
    if (length <= this.#limits.headerBytes) return;
    throw new LinkProblem('too-large', { what: `header > ${this.#limits.headerBytes} B` });
  }

  #begin(head: Head): void {
    const bytes = contentLength(head.headers);
    if (bytes > this.#limits.bodyBytes) throw new LinkProblem('too-large', { what: `body ${bytes} B` });
    this.#messages++;
    this.#slipped = false;
    this.#garbage = 0;
    if (bytes === 0) {
      this.#sink.message({ ...head, body: Buffer.alloc(0) });
    } else {
      this.#head = head;
      this.#bodyBytes = bytes;
    }
  }

  #body(bytes: Buffer, at: number): number {
    const head = this.#head!;
    const end = at + this.#bodyBytes;
    this.#head = null;
    this.#sink.message({ ...head, body: Buffer.from(bytes.subarray(at, end)) });
    return end;
  }

  /** A byte that begins nothing: whoever never spoke RTSP is told so, a camera that slipped is forgiven for a while. */
  #slip(at: number): number {
    if (this.#messages === 0) throw new LinkProblem('not-rtsp');
    this.#slipped = true;
    this.#searched = 0;
    this.#litter(1);
    return at + 1;
  }

  #litter(bytes: number): void {
    this.#garbage += bytes;
    if (this.#garbage > this.#limits.garbageBytes) throw new LinkProblem('bad-answer', { what: 'framing' });
  }
}

/** May a message begin here? After a slip only an answer is believed, and only by its whole beginning. */
function mayBegin(bytes: Buffer, at: number, end: number, slipped: boolean): boolean {
  if (slipped) {
    for (let i = 0; i < 5 && at + i < end; i++) if (bytes[at + i] !== answer[i]) return false;
    return true;
  }
  for (let i = 0; i < 3 && at + i < end; i++) {
    const letter = bytes[at + i]! & 0xdf;
    if (letter < 0x41 || letter > 0x5a) return false;
  }
  return true;
}

const answer = Buffer.from('RTSP/');

/** Just behind the empty line that ends a head (CRLF CRLF, or LF LF of careless writers), or -1. */
function headEnd(bytes: Buffer, from: number, end: number): number {
  let at = bytes.indexOf(lf, from);
  while (at !== -1 && at < end) {
    if (at + 1 < end && bytes[at + 1] === lf) return at + 2;
    if (at + 2 < end && bytes[at + 1] === cr && bytes[at + 2] === lf) return at + 3;
    at = bytes.indexOf(lf, at + 1);
  }
  return -1;
}
