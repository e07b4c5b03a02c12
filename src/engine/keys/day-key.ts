/** What whoever seals or opens a segment needs of the key ring: the key of one stream and one UTC day. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { Fault } from '../../base/index.ts';
import type { SourceId } from '../terms.ts';

export interface DayKey {
  /** `key_…`; stands in the clear in every segment that was sealed with it. */
  readonly keyId: string;
  /** 32 bytes. Never logged, never an argument of a process. */
  readonly key: Uint8Array;
}

/** destroyed: on purpose, and never made again. missing: nobody has it. locked: the master does not open it. */
export type KeyTrouble = 'destroyed' | 'missing' | 'locked';

/** There is no key to seal or to open with; `trouble` says why. */
export class NoKey extends Fault {
  readonly trouble: KeyTrouble;

  constructor(trouble: KeyTrouble, what: string, cause?: unknown) {
    super(what, { cause });
    this.trouble = trouble;
  }
}

/** Where a process of the engine gets keys from. Both reject with NoKey, or with a Fault that may be retried. */
export interface DayKeys {
  /** The key to seal with from now on; made, and durable, when the day has none yet. */
  toSeal(source: SourceId, day: string): Promise<DayKey>;
  /** The key that a segment names. */
  toOpen(source: SourceId, day: string, keyId: string): Promise<DayKey>;
}

/** Where there is no key ring: nothing opens, and nothing is made. */
export const noKeys: DayKeys = {
  toSeal: async () => nothingThere(),
  toOpen: async () => nothingThere(),
};

function nothingThere(): never {
  throw new NoKey('missing', 'there is no key ring');
}

/** The UTC day of an instant, `YYYY-MM-DD`. */
export const dayOf = (wallMs: number): string => new Date(Math.floor(wallMs)).toISOString().slice(0, 10);

export const dayKeyBytes = 32;

/** For the cipher: as a KeyObject a key is set up once and not at every part (3 µs instead of 27). */
export const asKeyObject = (key: Uint8Array): KeyObject => createSecretKey(Buffer.from(key));
