/**
 * One queue a volume for everything that waits for the platter: a disk serves one fdatasync at a time anyway, and 64
 * at once would take all threads of the pool away from the writes. Nobody in the path of packets waits for it.
 */
import { open } from 'node:fs/promises';

type Job = () => Promise<void>;

export class Syncer {
  readonly #jobs: Job[] = [];
  #running = false;

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
