/**
 * From RTP payloads to pictures: joins fragments, finds where a picture ends, says what is key and what is damaged.
 * The two codecs differ in their headers only; `h264.ts` and `h265.ts` unpack a payload into the calls here.
 */
import type { ParameterSets } from '../codec/index.ts';
import { UnitWriter } from './slab.ts';

/** What the two codecs must tell. `peek(i)` is the NAL unit's i-th byte. */
export interface NalRules {
  /** A slice of a picture. */
  isSlice(first: number): boolean;
  isKey(first: number): boolean;
  isParameterSet(first: number): boolean;
  /** An access unit delimiter: before a picture, never inside. */
  isDelimiter(first: number): boolean;
  /** Bytes of the NAL header; the bit behind it says whether a slice is its picture's first. */
  readonly headerBytes: number;
  unpack(into: PictureAssembler, bytes: Buffer, from: number, to: number): void;
}

export interface PictureSink {
  /** `timestamp` as in the packet, `arrivedMs` of the last packet. */
  picture(
    data: Buffer,
    key: boolean,
    carriesSets: boolean,
    timestamp: number,
    arrivedMs: number,
    lostBefore: number,
    damaged: boolean,
  ): void;
}

export class PictureAssembler {
  readonly #rules: NalRules;
  readonly #sets: ParameterSets;
  readonly #sink: PictureSink;
  readonly #writer: UnitWriter;
  readonly #nalLimit: number;
  #timestamp = 0;
  #arrivedMs = 0;
  #nals = 0;
  #hasSlice = false;
  #key = false;
  #setsInside = 0;
  #damaged = false;
  #lost = 0;
  #marked = false;
  /** Some cameras set the marker on every slice; from the first proof on only the timestamp parts pictures. */
  #markerTrusted = true;
  #markerSeen = false;
  #lastMarked: number | null = null;
  /** Fragments are passed over until a NAL unit begins: its beginning was lost. */
  #skipping = false;
  /** Where the last fragmented NAL unit ended early, and its first byte, should it go on. */
  #reopenAt = -1;
  #fragmentType = -1;

  constructor(
    rules: NalRules,
    sets: ParameterSets,
    sink: PictureSink,
    limits: { unitBytes: number; nals: number },
  ) {
    this.#rules = rules;
    this.#sets = sets;
    this.#sink = sink;
    this.#writer = new UnitWriter(limits.unitBytes);
    this.#nalLimit = limits.nals;
  }

  packet(
    bytes: Buffer,
    from: number,
    to: number,
    marker: boolean,
    timestamp: number,
    lost: number,
    arrivedMs: number,
  ): void {
    if (lost > 0) this.#hole(timestamp, lost);
    if (timestamp !== this.#timestamp) this.#next(timestamp, lost);
    this.#arrivedMs = arrivedMs;
    this.#rules.unpack(this, bytes, from, to);
    if (!marker) return;
    this.#markerSeen = true;
    this.#marked = true;
    // The end of a picture is the end of its last NAL unit, also where a camera forgets to say so.
    if (this.#markerTrusted && this.#writer.nalOpen) this.#closeNal(true);
    if (this.#markerTrusted && this.#hasSlice) {
      this.#lastMarked = timestamp;
      this.#finish();
    }
  }

  /** The stream is over. A picture without its marker is not whole, unless this camera sets none. */
  flush(): void {
    if (this.#markerSeen && this.#markerTrusted) this.#writer.drop();
    else this.#finish();
  }

  /** Packets are missing before this one. */
  #hole(timestamp: number, lost: number): void {
    const open = this.#writer.length > 0;
    if (this.#writer.nalOpen) this.#closeNal(false);
    this.#skipping = true;
    this.#reopenAt = -1;
    if (open && timestamp === this.#timestamp) this.#damaged = true;
    else if (open && this.#hasSlice && (this.#damaged || (this.#markerSeen && !this.#marked))) {
      // The old picture was not ended by its marker or its last fragment: its tail is among the lost.
      this.#damaged = true;
      this.#lost += lost;
      return;
    }
    if (open && timestamp !== this.#timestamp) this.#finish();
    this.#lost += lost;
  }

  /** Another timestamp: the picture before is over, whether or not a marker said so. */
  #next(timestamp: number, lost: number): void {
    this.#finish();
    if (lost === 0) this.#skipping = false;
    // Of the picture before nothing is left to hand on: its damage is told as a loss, not as the next one's.
    if (this.#writer.length === 0) this.#damaged = false;
    this.#timestamp = timestamp;
    this.#reopenAt = -1;
    this.#lastMarked = null;
  }

  #finish(): void {
    if (this.#writer.nalOpen) this.#closeNal(true);
    const overfull = this.#writer.full || this.#nals > this.#nalLimit;
    // Parameter sets and messages that came alone belong to the picture behind them.
    if (!this.#hasSlice && !overfull) return;
    if (overfull) this.#damaged = true;
    const damaged = this.#damaged;
    const lost = this.#lost;
    const key = this.#key;
    const carries = this.#setsInside > 1;
    const whole = this.#hasSlice && !this.#writer.full;
    const data = whole ? this.#writer.take() : null;
    if (!whole) this.#writer.drop();
    this.#reset(whole ? 0 : lost);
    if (data !== null)
      this.#sink.picture(data, key, carries, this.#timestamp, this.#arrivedMs, lost, damaged);
  }

  #reset(lost: number): void {
    this.#nals = 0;
    this.#hasSlice = false;
    this.#key = false;
    this.#setsInside = 0;
    this.#damaged = false;
    this.#lost = lost;
    this.#marked = false;
    this.#reopenAt = -1;
  }

  /** A whole NAL unit. */
  nal(bytes: Buffer, from: number, to: number): void {
    if (to - from < this.#rules.headerBytes) return;
    if (this.#writer.nalOpen) this.#closeNal(true);
    this.#skipping = false;
    this.#reopenAt = -1;
    if (this.#hasSlice && this.#rules.isDelimiter(bytes[from]!)) this.#finish();
    if (!this.#begin()) return;
    this.#writer.append(bytes, from, to);
    this.#closeNal(true);
  }

  /**
   * A fragment; `first` and `second` are the NAL header it belongs to (`second` -1: the header has one byte).
   * Start and end bits are taken as a hint: cameras set them wrong (zlm #1445), sequence numbers do not lie.
   */
  fragment(
    first: number,
    second: number,
    start: boolean,
    end: boolean,
    bytes: Buffer,
    from: number,
    to: number,
  ): void {
    if (start || !this.#continues(first)) {
      if (!start && this.#skipping) {
        this.#damaged = true;
        return;
      }
      if (this.#writer.nalOpen) this.#closeNal(true);
      this.#skipping = false;
      if (!this.#begin()) return;
      this.#writer.byte(first);
      if (second !== -1) this.#writer.byte(second);
      this.#fragmentType = first;
    }
    this.#writer.append(bytes, from, to);
    if (end) this.#reopenAt = this.#closeNal(true);
  }

  /** Is there a NAL unit this fragment continues? One that was ended by mistake is opened again. */
  #continues(first: number): boolean {
    if (this.#writer.nalOpen) return first === this.#fragmentType;
    if (this.#reopenAt === -1 || first !== this.#fragmentType) return false;
    this.#writer.reopenNal(this.#reopenAt);
    this.#reopenAt = -1;
    return true;
  }

  #begin(): boolean {
    if (++this.#nals > this.#nalLimit) {
      this.#damaged = true;
      return false;
    }
    return this.#writer.beginNal();
  }

  /** Ends the open NAL unit and takes note of what it was; returns where it begins, -1 when it was empty. */
  #closeNal(whole: boolean): number {
    const at = this.#writer.endNal();
    if (at === -1) return -1;
    if (!whole) this.#damaged = true;
    const first = this.#writer.at(at);
    if (this.#rules.isSlice(first)) this.#slice(first, at);
    else if (whole && this.#rules.isParameterSet(first)) {
      this.#setsInside++;
      this.#sets.offer(this.#writer.peek(at));
    }
    return at;
  }

  #slice(first: number, at: number): void {
    // A later slice of a picture that a marker had already ended: that camera's markers mean nothing.
    if (!this.#hasSlice && this.#lastMarked === this.#timestamp && this.#markerTrusted) {
      const firstOfPicture = (this.#writer.at(at + this.#rules.headerBytes) & 0x80) !== 0;
      if (!firstOfPicture) this.#markerTrusted = false;
    }
    this.#hasSlice = true;
    if (this.#rules.isKey(first)) this.#key = true;
  }
}
