/**
 * Sealing and opening the two halves of a record under the key of its segment. That key is derived from the day's key
 * and the segment's own header, so no two segments share one; within a segment the nonce is the record's sequence
 * number and which half it is, so none is ever used twice; a segment is never written to again once its writer ended.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import type { SuiteNumber } from './format.ts';

/** Half 1: the record's head; half 2: its body. */
export type Half = 1 | 2;

export interface SegmentSeal {
  readonly tagBytes: number;
  /**
   * The sealed pieces and the tag behind them. Each buffer has memory of its own, which whoever wrote it away may give
   * back; none of `pieces` is needed after.
   */
  seal(half: Half, sequence: number, clear: Uint8Array, pieces: readonly Uint8Array[]): Buffer[];
  /** The content of a sealed half, or null when it is not what was sealed here. */
  open(half: Half, sequence: number, clear: Uint8Array, sealed: Uint8Array): Buffer | null;
}

export const suites: Readonly<Record<'aes-256-gcm' | 'sm4-ctr-hmac-sm3', SuiteNumber>> = {
  'aes-256-gcm': 1,
  'sm4-ctr-hmac-sm3': 2,
};
export type SuiteName = keyof typeof suites;

const tagBytesOf: Record<SuiteNumber, number> = { 1: 16, 2: 32 };
export const tagBytesIn = (suite: SuiteNumber): number => tagBytesOf[suite];

/** `header`: one copy of the file's header, as it stands in the file. */
export function segmentSeal(suite: SuiteNumber, dayKey: Uint8Array, header: Uint8Array): SegmentSeal {
  return suite === 1 ? gcmSeal(dayKey, header) : sm4Seal(dayKey, header);
}

const info = (suite: SuiteNumber): string => `custos segment 2 suite ${suite}`;
const secret = (bytes: ArrayBuffer, from: number, to: number): KeyObject =>
  createSecretKey(Buffer.from(bytes, from, to - from));

// ── suite 1: AES-256-GCM ────────────────────────────────────────────────────────────────────────────────────────────

function gcmSeal(dayKey: Uint8Array, header: Uint8Array): SegmentSeal {
  const salt = createHash('sha256').update(header).digest();
  const key = secret(hkdfSync('sha256', dayKey, salt, info(1), 32), 0, 32);
  const options = { authTagLength: 16 };
  return {
    tagBytes: 16,
    seal: (half, sequence, clear, pieces) => {
      const cipher = createCipheriv('aes-256-gcm', key, nonce(half, sequence), options);
      cipher.setAAD(clear);
      const sealed = inChunks(pieces, (chunk) => cipher.update(chunk));
      cipher.final();
      sealed.push(cipher.getAuthTag());
      return sealed;
    },
    open: (half, sequence, clear, sealed) => {
      if (sealed.length < 16) return null;
      const decipher = createDecipheriv('aes-256-gcm', key, nonce(half, sequence), options);
      decipher.setAAD(clear);
      decipher.setAuthTag(sealed.subarray(sealed.length - 16));
      const content = decipher.update(sealed.subarray(0, sealed.length - 16));
      try {
        decipher.final();
      } catch {
        return null; // The tag does not fit: what was decrypted is nobody's.
      }
      return content;
    },
  };
}

/** 4 bytes half, 8 bytes sequence number. */
function nonce(half: Half, sequence: number): Buffer {
  const out = Buffer.alloc(12);
  out.writeUInt32BE(half, 0);
  out.writeUInt32BE(sequence, 8);
  return out;
}

// ── suite 2: SM4-CTR, then HMAC-SM3 ─────────────────────────────────────────────────────────────────────────────────

function sm4Seal(dayKey: Uint8Array, header: Uint8Array): SegmentSeal {
  const salt = createHash('sm3').update(header).digest();
  const keys = hkdfSync('sm3', dayKey, salt, info(2), 48);
  const key = secret(keys, 0, 16);
  const mac = secret(keys, 16, 48);
  const startMac = (half: Half, sequence: number, clear: Uint8Array) =>
    createHmac('sm3', mac).update(nonce(half, sequence)).update(clear);
  // The counter of 32 bits behind the nonce counts blocks of 16 bytes: a half has at most 2^20 of them.
  const counter = (half: Half, sequence: number) => Buffer.concat([nonce(half, sequence), Buffer.alloc(4)]);
  return {
    tagBytes: 32,
    seal: (half, sequence, clear, pieces) => {
      const cipher = createCipheriv('sm4-ctr', key, counter(half, sequence));
      const tag = startMac(half, sequence, clear);
      const sealed = inChunks(pieces, (chunk) => {
        const out = cipher.update(chunk);
        tag.update(out);
        return out;
      });
      sealed.push(tag.digest());
      return sealed;
    },
    open: (half, sequence, clear, sealed) => {
      if (sealed.length < 32) return null;
      const content = sealed.subarray(0, sealed.length - 32);
      const tag = startMac(half, sequence, clear).update(content).digest();
      if (!timingSafeEqual(tag, sealed.subarray(sealed.length - 32))) return null;
      return createDecipheriv('sm4-ctr', key, counter(half, sequence)).update(content);
    },
  };
}

// ── chunks ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Pictures are copied together into chunks that stay in the processor's cache before they are encrypted: every call
 * into OpenSSL costs 3 µs and a buffer, a picture of 15 KB takes 5 µs to encrypt.
 */
const chunkBytes = 256 * 1024;
const staging = Buffer.allocUnsafeSlow(chunkBytes);

function inChunks(pieces: readonly Uint8Array[], encrypt: (chunk: Uint8Array) => Buffer): Buffer[] {
  const sealed: Buffer[] = [];
  let filled = 0;
  const flush = (): void => {
    if (filled > 0) sealed.push(encrypt(staging.subarray(0, filled)));
    filled = 0;
  };
  for (const piece of pieces) {
    if (piece.length > chunkBytes) {
      flush();
      sealed.push(encrypt(piece));
      continue;
    }
    if (filled + piece.length > chunkBytes) flush();
    staging.set(piece, filled);
    filled += piece.length;
  }
  flush();
  return sealed;
}

/** Gives the memory of sealed buffers back at once: the garbage collector would find it a second later. */
export function giveBack(sealed: readonly Uint8Array[]): void {
  for (const { buffer, length } of sealed)
    if (buffer instanceof ArrayBuffer && buffer.byteLength === length && length >= leastGivenBack)
      buffer.transfer(0);
}
const leastGivenBack = 1024;
