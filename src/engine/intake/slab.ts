/**
 * The memory that pictures lie in, given back at the moment nobody needs it any more. The camera's connection fills
 * slabs of 256 KB and forgets them; left to the garbage collector, 32 cameras make 16 MB of garbage a second that only
 * full collections find, and marking the heap over and over was a sixth of all our work.
 *
 * So the two that keep pictures, recorder and hub, say when they are done with one. A slab whose pictures are all done
 * with and that the connection has left is detached: its memory goes back at once. To forget to say so costs nothing
 * but a collection later. To say it too early must not be possible: what is detached reads as empty, so a digest of it
 * would be wrong. Whoever hands a picture on to someone who says nothing (a viewer's socket) calls `keep`.
 */

/** Smaller memory is not a slab: Node shares pools of 64 KB among all its buffers. */
const leastSlabBytes = 256 * 1024;

export class Slab {
  readonly #memory: ArrayBuffer;
  #holds = 0;
  #left = false;
  #kept = false;

  constructor(memory: ArrayBuffer) {
    this.#memory = memory;
  }

  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    this.#free();
  }

  /** Nothing more will be written into it. */
  leave(): void {
    this.#left = true;
    this.#free();
  }

  /** From here on only the garbage collector knows who needs it. */
  keep(): void {
    this.#kept = true;
  }

  #free(): void {
    if (this.#holds === 0 && this.#left && !this.#kept) this.#memory.transfer(0);
  }
}

/** Follows one connection from slab to slab. */
export class SlabWatch {
  #slab: Slab | null = null;
  #memory: ArrayBufferLike | null = null;

  /** The slab that a picture lies in; null when its memory is none of the connection's slabs. */
  of(data: Uint8Array): Slab | null {
    if (data.buffer === this.#memory) return this.#slab;
    this.#slab?.leave();
    this.#memory = data.buffer;
    const own = data.buffer instanceof ArrayBuffer && data.buffer.byteLength >= leastSlabBytes;
    this.#slab = own ? new Slab(data.buffer as ArrayBuffer) : null;
    return this.#slab;
  }
}
