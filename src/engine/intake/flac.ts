/**
 * G.711 telephone sound made into FLAC frames, so that it can stand in an MP4 file that players know, without losing
 * a bit: the expanded 16-bit samples come out of any FLAC decoder as they went in (RFC 9639). One channel; fixed
 * predictors and one Rice parameter a frame: within a few per cent of what a full encoder reaches on 8 kHz speech, for
 * a fraction of the work.
 */

/** ITU-T G.711, A-law octet to 16-bit linear. */
function expandALaw(octet: number): number {
  const code = octet ^ 0x55;
  const exponent = (code >> 4) & 7;
  const mantissa = code & 15;
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  return code & 0x80 ? magnitude : -magnitude;
}

/** ITU-T G.711, µ-law octet to 16-bit linear. */
function expandMuLaw(octet: number): number {
  const code = ~octet & 0xff;
  const magnitude = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
  return code & 0x80 ? -magnitude : magnitude;
}

const tables = {
  pcma: Int16Array.from({ length: 256 }, (_, octet) => expandALaw(octet)),
  pcmu: Int16Array.from({ length: 256 }, (_, octet) => expandMuLaw(octet)),
};

export function expandG711(codec: 'pcma' | 'pcmu', data: Uint8Array): Int16Array {
  const table = tables[codec];
  const samples = new Int16Array(data.length);
  for (let i = 0; i < data.length; i++) samples[i] = table[data[i] as number] as number;
  return samples;
}

/** RFC 9639 §9.1: a stream of at most 48 kHz has blocks of at most 4608 samples; the least is 16. */
export const maxBlock = 4_608;
export const minBlock = 16;

/** The 34 bytes of STREAMINFO for a stream whose length is not known: block sizes vary, one channel, 16 bits. */
export function streamInfo(sampleRate: number): Uint8Array {
  const bytes = new Uint8Array(34);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, minBlock);
  view.setUint16(2, maxBlock);
  // 24 bits each of least and most frame bytes stay 0 = unknown; then 20 bits rate, 3 channels−1, 5 bits−1, 36 length
  bytes[10] = sampleRate >> 12;
  bytes[11] = (sampleRate >> 4) & 0xff;
  bytes[12] = ((sampleRate & 15) << 4) | (0 << 1) | (15 >> 4);
  bytes[13] = (15 & 15) << 4;
  return bytes;
}

/** Writes bits, most significant first, into a buffer that grows. */
class BitWriter {
  bytes = new Uint8Array(1024);
  #at = 0;
  #held = 0;
  #heldBits = 0;

  put(value: number, bits: number): void {
    for (let left = bits; left > 0; ) {
      const take = Math.min(left, 8 - this.#heldBits);
      left -= take;
      this.#held = (this.#held << take) | (Math.floor(value / 2 ** left) & ((1 << take) - 1));
      this.#heldBits += take;
      if (this.#heldBits === 8) this.#flush();
    }
  }

  zeros(count: number): void {
    for (let left = count; left > 0; left -= 24) this.put(0, Math.min(24, left));
  }

  align(): void {
    if (this.#heldBits > 0) this.put(0, 8 - this.#heldBits);
  }

  get length(): number {
    return this.#at;
  }

  #flush(): void {
    if (this.#at === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.#at++] = this.#held;
    this.#held = 0;
    this.#heldBits = 0;
  }
}

function crcTable(bits: 8 | 16, polynomial: number): Uint16Array {
  const top = 1 << (bits - 1);
  const mask = 2 ** bits - 1;
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << (bits - 8);
    for (let i = 0; i < 8; i++) crc = (crc & top ? (crc << 1) ^ polynomial : crc << 1) & mask;
    return crc;
  });
}
const crc8Table = crcTable(8, 0x07);
const crc16Table = crcTable(16, 0x8005);

function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = crc8Table[crc ^ byte] as number;
  return crc;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (crc16Table[(crc >> 8) ^ byte] as number);
  return crc;
}

/** RFC 9639 §9.1.5: a number of up to 36 bits, written as UTF-8 writes code points, further. */
function putCodedNumber(out: BitWriter, value: number): void {
  if (value < 0x80) {
    out.put(value, 8);
    return;
  }
  let more = 1;
  while (value >= 2 ** (5 * more + 6)) more++;
  const lead = (0xff << (7 - more)) & 0xff;
  out.put(lead | Math.floor(value / 2 ** (6 * more)), 8);
  for (let i = more - 1; i >= 0; i--) out.put(0x80 | (Math.floor(value / 2 ** (6 * i)) % 64), 8);
}

/** What the fixed predictor of `order` leaves over (§9.2.5): successive differences. */
function residual(samples: Int16Array, order: number): Int32Array {
  let left = Int32Array.from(samples);
  for (let pass = 0; pass < order; pass++) {
    const next = new Int32Array(left.length);
    for (let i = pass + 1; i < left.length; i++) next[i] = (left[i] as number) - (left[i - 1] as number);
    left = next;
  }
  return left.subarray(order);
}

const folded = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1);

/** The Rice parameter that is best for this sum, and the bits it takes. */
function bestRice(values: Int32Array): { parameter: number; bits: number } {
  let best = { parameter: 0, bits: Number.POSITIVE_INFINITY };
  for (let parameter = 0; parameter <= 14; parameter++) {
    let bits = 0;
    for (const value of values) bits += (folded(value) >>> parameter) + 1 + parameter;
    if (bits < best.bits) best = { parameter, bits };
    else break;
  }
  return best;
}

/**
 * One FLAC frame of 16 to 4608 samples. `firstSample` counts from the start of the stream (a player may seek by it).
 */
export function flacFrame(samples: Int16Array, firstSample: number): Uint8Array {
  const out = new BitWriter();
  out.put(0b111111111111100, 15);
  out.put(1, 1); // block sizes vary: the number below counts samples
  out.put(0b0111, 4); // block size − 1 stands at the end of the head, 16 bits
  out.put(0, 4); // sample rate: as in STREAMINFO
  out.put(0, 4); // one channel
  out.put(0b100, 3); // 16 bits a sample
  out.put(0, 1);
  putCodedNumber(out, firstSample % 2 ** 36);
  out.put(samples.length - 1, 16);
  out.put(crc8(out.bytes.subarray(0, out.length)), 8);
  putSubframe(out, samples);
  out.align();
  out.put(crc16(out.bytes.subarray(0, out.length)), 16);
  return out.bytes.slice(0, out.length);
}

function putSubframe(out: BitWriter, samples: Int16Array): void {
  if (samples.every((sample) => sample === samples[0])) {
    out.put(0, 8); // constant: silence is two bytes
    out.put((samples[0] as number) & 0xffff, 16);
    return;
  }
  const tries = [0, 1, 2, 3, 4].map((order) => {
    const left = residual(samples, order);
    return { order, left, ...bestRice(left) };
  });
  const best = tries.reduce((a, b) => (b.bits + 16 * b.order < a.bits + 16 * a.order ? b : a));
  if (best.bits + 16 * best.order + 10 >= 16 * samples.length) {
    out.put(0b00000010, 8); // verbatim
    for (const sample of samples) out.put(sample & 0xffff, 16);
    return;
  }
  out.put((0b001000 | best.order) << 1, 8);
  for (let i = 0; i < best.order; i++) out.put((samples[i] as number) & 0xffff, 16);
  out.put(0, 2 + 4); // Rice with 4-bit parameters, one partition
  out.put(best.parameter, 4);
  for (const value of best.left) {
    const code = folded(value);
    out.zeros(code >>> best.parameter);
    out.put(1, 1);
    if (best.parameter > 0) out.put(code & ((1 << best.parameter) - 1), best.parameter);
  }
}
