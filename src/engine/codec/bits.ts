/**
 * Bits of a parameter set, read front to back. Never throws and never reads past the end: behind it everything is 0
 * and `short` says so, so that a reader of hostile bytes needs one check at its end and a bound on each loop.
 */

/** No parameter set of a camera comes near; a longer one is read no further. */
const maxBytes = 4096;

export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  short = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#at;
  }

  bit(): number {
    const byte = this.#bytes[this.#at >> 3];
    if (byte === undefined) {
      this.short = true;
      return 0;
    }
    return (byte >> (7 - (this.#at++ & 7))) & 1;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** Up to 32 bits as an unsigned number. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length * 8) {
      this.#at = this.#bytes.length * 8;
      this.short = true;
    }
  }

  /** ue(v), 0 to 2^32−2; a longer prefix than 32 zeros is no number and ends the reading. */
  ue(): number {
    let zeros = 0;
    while (zeros < 33 && !this.short && this.bit() === 0) zeros++;
    if (zeros > 32) this.short = true;
    return this.short ? 0 : 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  /** What is left, as text: two rests are equal when their texts are. */
  rest(): string {
    let text = '';
    while (this.#at & 7 && !this.short) text += this.bit();
    return `${text}:${Buffer.from(this.#bytes.subarray(this.#at >> 3)).toString('hex')}`;
  }
}

/** A NAL unit's bytes behind its header, without emulation prevention (00 00 03 → 00 00), at most 4 kB. */
export function rawBytes(nal: Uint8Array, headerBytes: number): Uint8Array {
  const end = Math.min(nal.length, maxBytes);
  const raw = new Uint8Array(Math.max(0, end - headerBytes));
  let length = 0;
  let zeros = 0;
  for (let i = headerBytes; i < end; i++) {
    const byte = nal[i]!;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    raw[length++] = byte;
  }
  return raw.subarray(0, length);
}
