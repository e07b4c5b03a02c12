/**
 * Throttled guessing: after some free tries each further one waits twice as long as the one before. A try counts
 * before it is judged, so that tries sent side by side gain nothing. Memory is bounded: the key that was tried
 * longest ago is forgotten first.
 */
import { BoundedMap } from '../base/index.ts';

export interface ThrottleRules {
  readonly freeTries: number;
  readonly maxWaitMs: number;
  /** Without a try for so long, a key starts afresh. */
  readonly forgetAfterMs: number;
  readonly maxKeys: number;
}

interface Tries {
  readonly count: number;
  readonly lastMs: number;
}

/** One account: five slips of the finger, then 1, 2, 4 … s, at most five minutes: a lock-out is a weapon too. */
export const accountRules: ThrottleRules = {
  freeTries: 5,
  maxWaitMs: 300_000,
  forgetAfterMs: 3_600_000,
  maxKeys: 10_000,
};
/** One address may be a whole control room behind one router. */
export const addressRules: ThrottleRules = { ...accountRules, freeTries: 30, maxWaitMs: 900_000 };

export class Throttle {
  readonly #tries: BoundedMap<string, Tries>;
  readonly #rules: ThrottleRules;

  constructor(rules: ThrottleRules) {
    this.#rules = rules;
    this.#tries = new BoundedMap(rules.maxKeys);
  }

  /** How long this key still has to wait; 0 = it may try now. `nowMs` is monotonic. */
  waitMs(key: string, nowMs: number): number {
    const tries = this.#tries.get(key);
    if (!tries || nowMs - tries.lastMs >= this.#rules.forgetAfterMs) return 0;
    const over = tries.count - this.#rules.freeTries;
    if (over < 0) return 0;
    const pause = Math.min(1000 * 2 ** Math.min(over, 30), this.#rules.maxWaitMs);
    return Math.max(0, tries.lastMs + pause - nowMs);
  }

  /** Counts a try that is about to be judged. */
  count(key: string, nowMs: number): void {
    const tries = this.#tries.get(key);
    const fresh = !tries || nowMs - tries.lastMs >= this.#rules.forgetAfterMs;
    this.#tries.set(key, { count: fresh ? 1 : tries.count + 1, lastMs: nowMs });
  }

  /** Takes one counted try back: it was right. */
  forgive(key: string): void {
    const tries = this.#tries.get(key);
    if (!tries) return;
    if (tries.count <= 1) this.#tries.delete(key);
    else this.#tries.set(key, { ...tries, count: tries.count - 1 });
  }

  clear(key: string): void {
    this.#tries.delete(key);
  }

  get size(): number {
    return this.#tries.size;
  }
}

/** Callers of one IPv6 network count as one: anybody has 2⁶⁴ addresses there. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail ? tail.split(':') : [];
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return [...front, ...zeros, ...back]
    .slice(0, 4)
    .map((group) => Number.parseInt(group || '0', 16).toString(16))
    .join(':');
}
