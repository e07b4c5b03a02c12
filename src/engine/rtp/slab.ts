/**
 * Where access units are put together: one growing picture at a time, in slabs that are never written to twice.
 * A payload is copied once, from the socket's read buffer to its place; a finished unit is a view of the slab.
 */

const slabBytes = 256 * 1024;

export class UnitWriter {
  #slab: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #nalAt = -1;
  readonly #limit: number;
  /** The unit would have passed its limit; it is not whole. */
  full = false;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  get nalOpen(): boolean {
    return this.#nalAt !== -1;
  }

  /** Begins a NAL unit; its length is written when it ends. False when the unit is full. */
  beginNal(): boolean {
    if (!this.#room(4)) return false;
    this.#nalAt = this.#end;
    this.#end += 4;
    return true;
  }

  byte(value: number): void {
    if (this.#room(1)) this.#slab[this.#end++] = value;
  }

  append(bytes: Buffer, from: number, to: number): void {
    if (!this.#room(to - from)) return;
    bytes.copy(this.#slab, this.#end, from, to);
    this.#end += to - from;
  }

  /** Ends the NAL unit and returns where it begins (behind its length), relative to the unit; -1 when it is empty. */
  endNal(): number {
    const at = this.#nalAt;
    this.#nalAt = -1;
    const length = this.#end - at - 4;
    if (length === 0) {
      this.#end = at;
      return -1;
    }
    this.#slab[at] = length >>> 24;
    this.#slab[at + 1] = length >>> 16;
    this.#slab[at + 2] = length >>> 8;
    this.#slab[at + 3] = length;
    return at + 4 - this.#start;
  }

  /** A NAL unit that was ended goes on: `at` is what `endNal` returned, and nothing was written since. */
  reopenNal(at: number): void {
    this.#nalAt = this.#start + at - 4;
  }

  at(offset: number): number {
    return this.#slab[this.#start + offset] ?? 0;
  }

  /** A view of what was written so far, from `offset`; for reading at once. */
  peek(offset: number): Buffer {
    return this.#slab.subarray(this.#start + offset, this.#end);
  }

  /** The finished unit; the writer goes on behind it and never touches it again. */
  take(): Buffer {
    const data = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.full = false;
    return data;
  }

  /** Forgets what was written since the last `take`. */
  drop(): void {
    this.#end = this.#start;
    this.#nalAt = -1;
    this.full = false;
  }

  /** Makes room for `count` more bytes, moving the unfinished unit to a new slab when this one ends. */
  #room(count: number): boolean {
    if (this.full) return false;
    if (this.#end + count <= this.#slab.length) return true;
    const length = this.#end - this.#start;
    if (length + count > this.#limit) {
      this.full = true;
      return false;
    }
    // A large unit gets a larger slab; what it leaves of it serves the next ones.
    const wanted = Math.max(slabBytes, 2 * (length + count));
    const slab = Buffer.allocUnsafeSlow(Math.min(wanted, Math.max(slabBytes, this.#limit)));
    this.#slab.copy(slab, 0, this.#start, this.#end);
    if (this.#nalAt !== -1) this.#nalAt -= this.#start;
    this.#slab = slab;
    this.#start = 0;
    this.#end = length;
    return true;
  }
}
