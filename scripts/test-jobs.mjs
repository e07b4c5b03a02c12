/** The order in which the jobs of `npm test` are done, and how many at once. */
import { availableParallelism } from 'node:os';

/**
 * A test file may run a database, an engine and a browser of its own, but waits most of the time for pictures to
 * arrive: two jobs more than there are processors keep these busy; more would only make all of them late.
 */
const atOnce = Math.min(4, availableParallelism() + 2);

/** Files that take longest, begun first, so that none of them runs on alone at the end. */
export const longFirst = [
  'console/console',
  'screen/bad-cameras',
  'crash/kill',
  'console/office',
  'screen/add-camera',
  'player/room',
  'engine/bucket/rgw',
  'store/archive',
  'player/players',
  'ctl/backup',
  'store/volumes',
  'engine/intake/live',
  'engine/intake/record',
  'store/full',
  'engine/intake/stream',
  'db/embedded',
  'screen/away',
];

/** Files that hold the machine to something within a time: at most one other job runs beside them. */
export const calm = ['crash/kill', 'engine/intake/record', 'engine/intake/writer', 'store/full'];

const ending = '.test.ts';
const nameOf = (file) => file.slice(0, -ending.length);

/** @param {string} file below `test/` */
export const isCalm = (file) => calm.includes(nameOf(file));

/** The long ones, then the rest. @param {string[]} files below `test/` */
export function inOrder(files) {
  const long = longFirst.map((name) => name + ending).filter((file) => files.includes(file));
  return [...long, ...files.filter((file) => !long.includes(file))];
}

/** Jobs in their order, as many at once as the machine bears. */
export class Jobs {
  #waiting = [];
  #running = new Set();
  #results = [];
  #isOver;

  /** @param {() => boolean} isOver from then on no job is begun, and those that wait resolve to nothing */
  constructor(isOver = () => false) {
    this.#isOver = isOver;
  }

  /**
   * @template T
   * @param {() => Promise<T[]>} work
   * @param {boolean} isCalm it bears one other job beside it, not two
   */
  add(work, isCalm = false) {
    const result = new Promise((resolve, reject) => {
      this.#waiting.push({ work, isCalm, resolve, reject });
    });
    this.#results.push(result);
    this.#begin();
  }

  /** All that the jobs so far resolved to. */
  async results() {
    return (await Promise.all(this.#results)).flat();
  }

  #begin() {
    for (let at = this.#next(); at >= 0; at = this.#next()) {
      const [job] = this.#waiting.splice(at, 1);
      this.#running.add(job);
      const done = this.#isOver() ? Promise.resolve([]) : job.work();
      done.then(job.resolve, job.reject).finally(() => {
        this.#running.delete(job);
        this.#begin();
      });
    }
  }

  /** The place in the queue of the job that may begin now; -1 when none may. */
  #next() {
    if (this.#running.size >= atOnce) return -1;
    if (this.#running.size < 2) return this.#waiting.length > 0 ? 0 : -1;
    if ([...this.#running].some((job) => job.isCalm)) return -1;
    return this.#waiting.findIndex((job) => !job.isCalm);
  }
}
