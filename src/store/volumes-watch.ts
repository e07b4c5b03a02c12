/**
 * The watch over volumes, seen from the server: a process of its own does all that touches a disk, the removal of files
 * too, so that one that hangs stops nobody here. What is heard last of each volume, and when, is all that is known.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { type Clock, childEnvironment, Fault, type Log } from '../base/index.ts';
import { markName, maxFolders, probeName } from '../engine/index.ts';
import type { Disks, Space } from './disks.ts';

export interface Watched {
  readonly id: string;
  readonly path: string;
  /** What its marker must say. */
  readonly mark: string;
  /** False where a person ordered that nothing is written. */
  readonly writes: boolean;
}

/** Why a volume cannot be used, as found; `stuck` is its silence. */
export type Trouble = 'missing' | 'unmarked' | 'foreign' | 'read-only' | 'io' | 'stuck';

export interface Report {
  readonly id: string;
  readonly problem: Exclude<Trouble, 'stuck'> | null;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly device: number;
}

export interface Checked {
  /** Without symbolic links. */
  readonly path: string;
  readonly mark: string | null;
  readonly isEmpty: boolean;
  readonly device: number;
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export type ToWatch =
  | { readonly watch: readonly Watched[] }
  | { readonly ask: number; readonly check: string }
  | { readonly ask: number; readonly mark: { readonly path: string; readonly text: string } }
  | {
      readonly ask: number;
      readonly files: 'remove' | 'settle' | 'has-any' | 'sizes' | 'space';
      readonly root: string;
      readonly paths: readonly string[];
    };
export type FromWatch =
  | { readonly beat: true }
  | { readonly report: Report }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly problem: string };

/** A volume that was not heard of for so long hangs. With the next key picture its streams move within five seconds. */
const stuckMs = 2_500;
/** The watch itself was heard of so shortly ago: else nobody knows anything. */
const beatMs = 1_500;
const askWithinMs = 8_000;
/** Somebody who wants to see a picture waits for these. */
const sizesWithinMs = 2_000;
const againMs = 1_000;
/** Of each volume that hangs: a look, a sync, and two that ask for its files (`volumes-watch-child.ts`). */
const threadsPerVolume = 4;
const threads = String(threadsPerVolume * maxFolders + 4);

export class VolumeWatch implements Disposable, Disks {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #heard = new Map<string, { report: Report; atMs: number }>();
  readonly #asked = new Map<number, (message: FromWatch) => void>();
  readonly #onReport: (report: Report) => void;
  #watched: readonly Watched[] = [];
  #since = new Map<string, number>();
  #child: ChildProcess | null = null;
  #again: NodeJS.Timeout | null = null;
  #beatAtMs = Number.NEGATIVE_INFINITY;
  #lastAsk = 0;
  #ended = false;

  constructor(at: { clock: Clock; log: Log; onReport: (report: Report) => void }) {
    this.#clock = at.clock;
    this.#log = at.log;
    this.#onReport = at.onReport;
    this.#start();
  }

  watch(volumes: readonly Watched[]): void {
    const nowMs = this.#clock.monoMs();
    this.#since = new Map(volumes.map(({ id }) => [id, this.#since.get(id) ?? nowMs]));
    this.#watched = volumes;
    this.#tell({ watch: volumes });
  }

  /** The newest report; null before the first. */
  report(id: string): Report | null {
    return this.#heard.get(id)?.report ?? null;
  }

  /** True when the watch is well and this volume does not answer it. */
  isStuck(id: string): boolean {
    const nowMs = this.#clock.monoMs();
    if (nowMs - this.#beatAtMs > beatMs) return false;
    const heardAtMs = Math.max(this.#heard.get(id)?.atMs ?? 0, this.#since.get(id) ?? nowMs);
    return nowMs - heardAtMs > stuckMs;
  }

  /** Looks at a folder as one that may be added. A Fault with the errno as message where that fails. */
  async check(path: string): Promise<Checked> {
    return (await this.#ask((ask) => ({ ask, check: path }))) as Checked;
  }

  async mark(path: string, text: string): Promise<void> {
    await this.#ask((ask) => ({ ask, mark: { path, text } }));
  }

  // ---- files, as `Disks` says

  async remove(root: string, path: string): Promise<boolean> {
    return (await this.#ask((ask) => ({ ask, files: 'remove', root, paths: [path] }))) as boolean;
  }

  async settle(root: string, folders: readonly string[]): Promise<void> {
    await this.#ask((ask) => ({ ask, files: 'settle', root, paths: folders }));
  }

  async hasAny(root: string, folder: string): Promise<boolean> {
    return (await this.#ask((ask) => ({ ask, files: 'has-any', root, paths: [folder] }))) as boolean;
  }

  async sizes(root: string, paths: readonly string[]): Promise<(number | null)[]> {
    const asked = this.#ask((ask) => ({ ask, files: 'sizes', root, paths }), sizesWithinMs);
    return (await asked) as (number | null)[];
  }

  async space(root: string): Promise<Space> {
    return (await this.#ask((ask) => ({ ask, files: 'space', root, paths: [] }))) as Space;
  }

  #ask(message: (ask: number) => ToWatch, withinMs = askWithinMs): Promise<unknown> {
    const ask = ++this.#lastAsk;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#asked.delete(ask);
        reject(new Fault('ETIMEDOUT', { retry: true }));
      }, withinMs);
      this.#asked.set(ask, (answer) => {
        clearTimeout(late);
        if ('value' in answer) resolve(answer.value);
        else reject(new Fault('problem' in answer ? answer.problem : 'unknown', { retry: true }));
      });
      this.#tell(message(ask));
    });
  }

  #tell(message: ToWatch): void {
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  #start(): void {
    const asked = [markName, probeName, String(askWithinMs)];
    const child = fork(new URL('./volumes-watch-child.ts', import.meta.url), asked, {
      env: childEnvironment({ UV_THREADPOOL_SIZE: threads, MALLOC_ARENA_MAX: '2' }),
      execArgv: ['--max-semi-space-size=1'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('message', (message) => this.#hear(message as FromWatch));
    child.once('error', (error) => this.#log.error({ error: error.message }, 'the watch cannot be started'));
    child.once('close', () => {
      if (this.#ended) return;
      this.#log.error({}, 'the watch over volumes ended');
      this.#beatAtMs = Number.NEGATIVE_INFINITY;
      this.#again = setTimeout(() => this.#start(), againMs);
    });
    this.#tell({ watch: this.#watched });
  }

  #hear(message: FromWatch): void {
    const nowMs = this.#clock.monoMs();
    if ('beat' in message) {
      // After a silence of the watch each volume has its time anew.
      if (nowMs - this.#beatAtMs > beatMs) for (const id of this.#since.keys()) this.#since.set(id, nowMs);
      this.#beatAtMs = nowMs;
    } else if ('report' in message) {
      this.#heard.set(message.report.id, { report: message.report, atMs: nowMs });
      this.#onReport(message.report);
    } else {
      this.#asked.get(message.answer)?.(message);
      this.#asked.delete(message.answer);
    }
  }

  /** One that hangs in a disk cannot be ended; it goes when the disk answers. */
  [Symbol.dispose](): void {
    this.#ended = true;
    if (this.#again) clearTimeout(this.#again);
    this.#child?.disconnect();
    this.#child?.kill('SIGKILL');
    this.#child?.unref();
  }
}
