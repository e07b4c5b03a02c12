/**
 * The sequence of one RTP source (RFC 3550 §A): what is missing, what is late, and the figures of a receiver report.
 * A camera that begins a new sequence in mid-connection is followed after a few packets of it.
 */

/** So many packets in a row of another sequence are the new one. */
const newSequence = 4;

export class Sequence {
  /** The newest packet's number with its wraps counted, -1 before the first. */
  #highest = -1;
  #first = 0;
  #expectedBefore = 0;
  #oddNext = -1;
  #odd = 0;
  received = 0;
  late = 0;
  #reportedReceived = 0;
  #reportedExpected = 0;

  /** Packets missing before this one, or -1 when it is late or doubled and must be left out. */
  take(sequence: number): number {
    if (this.#highest === -1) {
      this.#first = sequence;
      this.#highest = sequence;
      this.received++;
      return 0;
    }
    const ahead = (sequence - this.#highest - 1) & 0xffff;
    if (ahead >= 0x4000) return this.#strange(sequence);
    this.#highest += ahead + 1;
    this.#odd = 0;
    this.received++;
    return ahead;
  }

  #strange(sequence: number): number {
    this.#odd = sequence === this.#oddNext ? this.#odd + 1 : 1;
    this.#oddNext = (sequence + 1) & 0xffff;
    if (this.#odd < newSequence) {
      this.late++;
      return -1;
    }
    this.restart();
    this.take(sequence);
    return newSequence - 1;
  }

  /** Another source begins: nothing is known of its sequence. */
  restart(): void {
    this.#expectedBefore = this.expected;
    this.#highest = -1;
    this.#odd = 0;
  }

  get expected(): number {
    return this.#expectedBefore + (this.#highest === -1 ? 0 : this.#highest - this.#first + 1);
  }

  get highest(): number {
    return Math.max(0, this.#highest);
  }

  /** The share lost since the last call, in 1/256 (RFC 3550 §6.4.1). */
  fractionLost(): number {
    const expected = this.expected - this.#reportedExpected;
    const missing = expected - (this.received - this.#reportedReceived);
    this.#reportedExpected = this.expected;
    this.#reportedReceived = this.received;
    return expected <= 0 || missing <= 0 ? 0 : Math.min(255, Math.floor((missing * 256) / expected));
  }
}
