/** The way to a viewer's socket: never more waits in it than a bound, and what went out is counted. */
import type { Socket } from 'node:net';

/** Two or three parts of a 4 Mb/s camera: enough to keep the wire busy, little to throw away at a seek. */
const maxWaitingBytes = 768 * 1024;

export class Outlet {
  readonly #socket: Socket;
  readonly #delivered: (seconds: number) => void;

  constructor(socket: Socket, delivered: (seconds: number) => void) {
    this.#socket = socket;
    this.#delivered = delivered;
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** Sends one frame, its length before it; counts `seconds` when its last byte has left for the kernel. */
  async frame(pieces: readonly Uint8Array[], seconds = 0): Promise<void> {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(
      pieces.reduce((sum, piece) => sum + piece.length, 0),
      0,
    );
    await this.bytes([length, ...pieces], seconds);
  }

  /** Sends bare bytes; resolves when the next may be sent, or the viewer is gone. */
  async bytes(pieces: readonly Uint8Array[], seconds: number): Promise<void> {
    const socket = this.#socket;
    if (!socket.writable) return;
    socket.cork();
    for (const [i, piece] of pieces.entries())
      socket.write(piece, (error) => {
        if (!error && i === pieces.length - 1) this.#delivered(seconds);
      });
    socket.uncork();
    while (socket.writable && socket.writableLength > maxWaitingBytes)
      await new Promise<void>((resolve) => {
        const go = (): void => {
          socket.off('drain', go);
          socket.off('close', go);
          resolve();
        };
        socket.once('drain', go);
        socket.once('close', go);
      });
  }
}
