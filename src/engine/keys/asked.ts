/** Keys in a process of the engine: asked of the supervisor, which has the ring, and kept in memory for an hour. */
import { BoundedMap, type Clock } from '../../base/index.ts';
import type { SourceId } from '../terms.ts';
import { type DayKey, type DayKeys, type KeyTrouble, NoKey } from './day-key.ts';

/** `keyId` null: to seal with, made when there is none. */
export interface KeyQuestion {
  readonly source: SourceId;
  readonly day: string;
  readonly keyId: string | null;
}
export type KeyAnswer = DayKey | { readonly trouble: KeyTrouble; readonly why: string };

/** Answers a process's question from the ring. */
export async function answerKey(keys: DayKeys, { source, day, keyId }: KeyQuestion): Promise<KeyAnswer> {
  try {
    return keyId === null ? await keys.toSeal(source, day) : await keys.toOpen(source, day, keyId);
  } catch (error) {
    if (error instanceof NoKey) return { trouble: error.trouble, why: error.message };
    throw error;
  }
}

const keptMs = 3_600_000;
/** Two days of 500 streams. */
const maxKept = 1_024;

export class AskedKeys implements DayKeys {
  readonly #ask: (question: KeyQuestion) => Promise<KeyAnswer>;
  readonly #clock: Clock;
  readonly #kept = new BoundedMap<string, { readonly atMs: number; readonly key: Promise<DayKey> }>(maxKept);

  constructor(clock: Clock, ask: (question: KeyQuestion) => Promise<KeyAnswer>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  toSeal(source: SourceId, day: string): Promise<DayKey> {
    return this.#keep({ source, day, keyId: null });
  }

  toOpen(source: SourceId, day: string, keyId: string): Promise<DayKey> {
    return this.#keep({ source, day, keyId });
  }

  /** The key was destroyed. */
  forget(source: SourceId, day: string): void {
    for (const [name] of [...this.#kept]) if (name.startsWith(`${source}/${day}/`)) this.#kept.delete(name);
  }

  #keep(question: KeyQuestion): Promise<DayKey> {
    const name = `${question.source}/${question.day}/${question.keyId ?? ''}`;
    const nowMs = this.#clock.monoMs();
    const kept = this.#kept.get(name);
    if (kept && nowMs - kept.atMs < keptMs) return kept.key;
    const key = this.#ask(question).then((answer) => {
      if ('trouble' in answer) throw new NoKey(answer.trouble, answer.why);
      return answer;
    });
    const entry = { atMs: nowMs, key };
    this.#kept.set(name, entry);
    // What failed is asked again next time.
    key.catch(() => this.#kept.get(name) === entry && this.#kept.delete(name));
    return key;
  }
}
