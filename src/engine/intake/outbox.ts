/**
 * Facts on their way to the supervisor, in batches. What happened goes at the end of this turn of the event loop;
 * what only says "still so" (`recorded`, `measured`) waits for the next tick, and of each stream only the newest.
 */
import type { Fact } from '../engine.ts';

export class Outbox {
  readonly #send: (facts: readonly Fact[]) => void;
  #facts: Fact[] = [];
  readonly #newest = new Map<string, Fact>();
  #soon = false;

  constructor(send: (facts: readonly Fact[]) => void) {
    this.#send = send;
  }

  add(fact: Fact): void {
    if (fact.kind === 'recorded' || fact.kind === 'measured') {
      this.#newest.set(`${fact.kind} ${fact.source}`, fact);
      return;
    }
    // What was recorded before this must not be heard after it: the segment may be closed by then.
    if ('source' in fact) this.#overtake(`recorded ${fact.source}`);
    this.#facts.push(fact);
    if (this.#soon) return;
    this.#soon = true;
    setImmediate(() => this.#sendUrgent());
  }

  /** Everything, the repeated facts too. */
  flush(): void {
    this.#facts.push(...this.#newest.values());
    this.#newest.clear();
    this.#sendUrgent();
  }

  #overtake(key: string): void {
    const before = this.#newest.get(key);
    if (!before) return;
    this.#newest.delete(key);
    this.#facts.push(before);
  }

  #sendUrgent(): void {
    this.#soon = false;
    if (this.#facts.length === 0) return;
    const facts = this.#facts;
    this.#facts = [];
    this.#send(facts);
  }
}
