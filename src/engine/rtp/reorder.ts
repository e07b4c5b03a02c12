/**
 * Puts the packets of one UDP source back in order: a packet that came early waits for those before it, until enough
 * wait or enough time has passed; then what is missing is lost. At most `packets` are held.
 */

export interface ReorderLimits {
  readonly packets: number;
  readonly waitMs: number;
}

/** So many packets in a row far behind are a new sequence. */
const newSequence = 4;

export class ReorderBuffer {
  readonly #limit: number;
  readonly #waitMs: number;
  readonly #deliver: (packet: Buffer) => void;
  readonly #held = new Map<number, Buffer>();
  #next = -1;
  #behind = 0;
  #timer: NodeJS.Timeout | null = null;
  /** How often a packet came after a later one and still found its place. */
  reordered = 0;

  constructor(limits: ReorderLimits, deliver: (packet: Buffer) => void) {
    this.#limit = limits.packets;
    this.#waitMs = limits.waitMs;
    this.#deliver = deliver;
  }

  /** Takes one packet of at least 4 bytes; the buffer is ours until it is delivered. */
  push(packet: Buffer): void {
    const sequence = (packet[2]! << 8) | packet[3]!;
    const ahead = this.#next === -1 ? 0 : (sequence - this.#next) & 0xffff;
    if (ahead >= 0x4000) this.#old(packet, sequence);
    else if (ahead === 0) this.#due(packet, sequence);
    else this.#early(packet, sequence);
    this.#watch();
  }

  #due(packet: Buffer, sequence: number): void {
    this.#behind = 0;
    if (this.#held.size > 0) this.reordered++;
    this.#pass(packet, sequence);
    this.#drain();
  }

  #early(packet: Buffer, sequence: number): void {
    this.#behind = 0;
    this.#held.set(sequence, packet);
    while (this.#held.size >= this.#limit || (this.#held.size > 0 && this.#spread() >= this.#limit)) {
      this.#giveUp();
    }
  }

  /** A hole is waited for from when it is first seen. */
  #watch(): void {
    if (this.#held.size === 0) this.#stopTimer();
    else this.#timer ??= setTimeout(() => this.#expire(), this.#waitMs);
  }

  #expire(): void {
    this.#timer = null;
    this.#giveUp();
    this.#watch();
  }

  #stopTimer(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** The missing ones will not come: goes on with the first that is held. */
  #giveUp(): void {
    const first = this.#nearest();
    if (first === -1) return;
    this.#next = first;
    this.#drain();
  }

  /** Delivers all that is held, in order, and waits for nothing any more. */
  flush(): void {
    this.#stopTimer();
    while (this.#held.size > 0) this.#giveUp();
  }

  /** Too late to be put in its place: the receiver counts it, and sees when a new sequence begins. */
  #old(packet: Buffer, sequence: number): void {
    if (++this.#behind >= newSequence) {
      this.flush();
      this.#behind = 0;
      this.#next = (sequence + 1) & 0xffff;
    }
    this.#deliver(packet);
  }

  #pass(packet: Buffer, sequence: number): void {
    this.#next = (sequence + 1) & 0xffff;
    this.#deliver(packet);
  }

  #drain(): void {
    for (let packet = this.#held.get(this.#next); packet; packet = this.#held.get(this.#next)) {
      this.#held.delete(this.#next);
      this.#pass(packet, this.#next);
    }
  }

  #nearest(): number {
    let best = -1;
    let bestAhead = 0x10000;
    for (const sequence of this.#held.keys()) {
      const ahead = (sequence - this.#next) & 0xffff;
      if (ahead < bestAhead) {
        best = sequence;
        bestAhead = ahead;
      }
    }
    return best;
  }

  /** How far the nearest held packet is ahead: a hole wider than the buffer is not waited for. */
  #spread(): number {
    return (this.#nearest() - this.#next) & 0xffff;
  }
}
