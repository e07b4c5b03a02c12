/**
 * The watch over volumes, seen from the server: a process of its own does all that touches a disk, so that one that
 * hangs stops nobody here. What is heard last of each volume, and when, is all that is known.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { type Clock, childEnvironment, Fault, type Log } from '../base/index.ts';
import { markName, probeName } from '../engine/index.ts';

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
  | { readonly ask: number; readonly mark: { readonly path: string; readonly text: string } };
export type FromWatch =
  | { readonly beat: true }
  | { readonly report: Report }
  | { readonly answer: number; readonly checked: Checked | null }
  | { readonly answer: number; readonly problem: string };

/** A volume that was not heard of for so long hangs. With the next key picture its streams move within five seconds. */
const stuckMs = 2_500;
/** The watch itself was heard of so shortly ago: else nobody knows anything. */
const beatMs = 1_500;
const askWithinMs = 8_000;
const againMs = 1_000;
/** One thread for each look and each sync that hangs; more volumes than that are on no machine. */
const threads = '64';

export class VolumeWatch implements Disposable {
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
    const checked = await this.#ask((ask) => ({ ask, check: path }));
    if (!checked) throw new Fault('unknown');
    return checked;
  }

  async mark(path: string, text: string): Promise<void> {
    await this.#ask((ask) => ({ ask, mark: { path, text } }));
  }

  #ask(message: (ask: number) => ToWatch): Promise<Checked | null> {
    const ask = ++this.#lastAsk;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#asked.delete(ask);
        reject(new Fault('ETIMEDOUT'));
      }, askWithinMs);
      this.#asked.set(ask, (answer) => {
        clearTimeout(late);
        if ('checked' in answer) resolve(answer.checked);
        else reject(new Fault('problem' in answer ? answer.problem : 'unknown'));
      });
      this.#tell(message(ask));
    });
  }

  #tell(message: ToWatch): void {
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  #start(): void {
    const child = fork(new URL('./volumes-watch-child.ts', import.meta.url), [markName, probeName], {
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
