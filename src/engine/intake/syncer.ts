/**
 * One queue a volume for everything that waits for the platter: a disk serves one fdatasync at a time anyway, and 64
 * at once would take all threads of the pool away from the writes. Nobody in the path of packets waits for it.
 */
import { open } from 'node:fs/promises';
import { threadsPerFolder } from '../threads.ts';

type Job = () => Promise<void>;
/** Begins a file operation; `done` gives its thread back. */
type Operation = (done: () => void) => void;

/** For opening and writing; one more waits for the platter. A disk that answers no more keeps what it holds. */
const maxThreads = threadsPerFolder - 1;

export class Syncer {
  readonly #jobs: Job[] = [];
  readonly #operations: Operation[] = [];
  #running = false;
  #threads = 0;

  /** Runs an operation of an open file; each file has one at a time, so what waits is bounded by the files. */
  run(operation: Operation): void {
    if (this.#threads >= maxThreads) {
      this.#operations.push(operation);
      return;
    }
    this.#threads++;
    operation(() => {
      this.#threads--;
      const next = this.#operations.shift();
      if (next) this.run(next);
    });
  }

  /** Jobs come one for a dirty or closing file at a time, so the queue is bounded by the number of files open. */
  add(job: Job): void {
    this.#jobs.push(job);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) await job();
    this.#running = false;
  }
}

/** Makes the names in a folder durable (a file's own fdatasync does not). */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
