/**
 * The embedded PostgreSQL: one cluster in one folder, a child of this process, reachable through one Unix socket that
 * only our own user may use. It is started again whenever it ends without being asked to.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { Fault, sayError } from '../base/index.ts';
import { childEnvironment, under } from './account.ts';
import {
  type ClusterOptions,
  oldSocketDir,
  type Plan,
  planCluster,
  saysReady,
  superuser,
} from './cluster-files.ts';
import { endOrphans } from './orphans.ts';

const port = 5432;
const firstTries = 3;
/** A database that ends at once again and again is tried ever more slowly, so that a full disk is not hammered. */
const backoff = { leastMs: 50, mostMs: 5_000, healthyAfterMs: 10_000 };
const stop = { fastMs: 5_000, immediateMs: 1_000, killMs: 1_000 };
const keptLines = 10;

export interface ClusterAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const leftover = oldSocketDir(options.dir);
  const plan = await planCluster(options);
  const cluster = new Cluster(plan);
  try {
    await cluster.begin();
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  if (leftover && leftover !== plan.socketDir) rmSync(leftover, { recursive: true, force: true });
  return cluster;
}

export class Cluster implements AsyncDisposable {
  readonly address: ClusterAddress;
  readonly #plan: Plan;
  #child: ChildProcess | undefined;
  #isUp = false;
  #restarts = 0;
  #stopping = false;
  #supervision: Promise<void> = Promise.resolve();
  #lastLines: string[] = [];
  #isPrivate = false;
  readonly #waiters = new Set<() => void>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.address = { host: plan.socketDir, port, user: superuser };
  }

  /** It took a connection since it was last started. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** How often it had to be started again. */
  get restarts(): number {
    return this.#restarts;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves true once it answers, false when it does not within `ms`. */
  async whenUp(ms: number): Promise<boolean> {
    if (this.#isUp) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add(resolve);
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#waiters.delete(resolve);
    return this.#isUp;
  }

  /** Resolves when it answers for the first time; faults when it never does. */
  begin(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.add(resolve);
      this.#supervision = this.#supervise(reject).finally(() => this.#waiters.delete(resolve));
    });
  }

  /** For a throw-away cluster: it no longer keeps this process alive. */
  unref(): void {
    this.#child?.unref();
    (this.#child?.stderr as unknown as { unref?: () => void } | null)?.unref?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    const steps: [NodeJS.Signals, number][] = [
      ['SIGINT', stop.fastMs],
      ['SIGQUIT', stop.immediateMs],
      ['SIGKILL', stop.killMs],
    ];
    for (const [signal, ms] of steps) {
      this.#child?.kill(signal);
      const patience = new AbortController();
      const ended = this.#supervision.then(() => true);
      const tooLong = wait(ms, false, { signal: patience.signal }).catch(() => false);
      const isOver = await Promise.race([ended, tooLong]);
      patience.abort();
      if (isOver) break;
    }
    rmSync(this.#plan.socketDir, { recursive: true, force: true });
  }

  async #supervise(giveUp: (fault: Fault) => void): Promise<void> {
    const { log, clock } = this.#plan;
    let wasEverUp = false;
    let pauseMs = backoff.leastMs;
    for (let lives = 1; !this.#stopping; lives++) {
      const bornMs = clock.monoMs();
      const why = await this.#live().catch(sayError);
      wasEverUp ||= this.#isUp;
      this.#isUp = false;
      if (this.#stopping) return;
      if (!wasEverUp && lives >= firstTries) {
        return giveUp(
          new Fault(`the database does not start: ${why}. It said: ${this.#lastLines.join(' | ')}`),
        );
      }
      log.error({ why, said: this.#lastLines.slice(-3) }, 'the database ended; starting it again');
      if (clock.monoMs() - bornMs > backoff.healthyAfterMs) pauseMs = backoff.leastMs;
      await wait(pauseMs);
      pauseMs = Math.min(pauseMs * 2, backoff.mostMs);
      this.#restarts++;
    }
  }

  /** One life, from the spawn to the exit; resolves to why it ended. */
  async #live(): Promise<string> {
    await endOrphans(this.#plan.dir, this.#plan);
    if (this.#stopping) return 'asked to';
    const child = this.#spawn();
    this.#child = child;
    const gone = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    child.once('exit', (code, signal) => resolve(signal ? `killed by ${signal}` : `exit code ${code}`));
    child.once('error', (error) => resolve(sayError(error)));
    void ended.then(() => gone.abort());
    if (await this.#answers(gone.signal)) this.#becomeUp();
    const why = await ended;
    this.#child = undefined;
    return why;
  }

  #spawn(): ChildProcess {
    const { account, binaries, dataPath, dir } = this.#plan;
    const dirFd = openSync(dir, 'r');
    try {
      const args = ['-D', dataPath, ...serverSettings(this.#plan)];
      const [command, all] = under(account, binaries.postgres, args);
      // A session of its own: Ctrl-C in the terminal is for us, who stop the database last.
      const child = spawn(command, all, {
        cwd: '/',
        env: childEnvironment,
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe', dirFd],
      });
      if (child.stderr) createInterface(child.stderr).on('line', (line) => this.#hear(line));
      return child;
    } finally {
      closeSync(dirFd);
    }
  }

  /**
   * Connecting is the only proof; but each try in the middle of recovery costs the database a process, so its own word
   * in `postmaster.pid` is awaited first.
   */
  async #answers(gone: AbortSignal): Promise<boolean> {
    while (!gone.aborted) {
      if (saysReady(this.#plan.dir, this.pid) && (await this.#isConnectable()) && !gone.aborted) return true;
      await wait(10);
    }
    return false;
  }

  async #isConnectable(): Promise<boolean> {
    const client = new Client({ ...this.address, database: 'postgres', connectionTimeoutMillis: 2_000 });
    client.on('error', () => {}); // The rejection of connect() says it already.
    const isAnswered = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => {}); // Only a courtesy to a server that may be gone.
    return isAnswered;
  }

  #becomeUp(): void {
    this.#isUp = true;
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }

  #hear(line: string): void {
    const heard = understand(line, this.#isPrivate);
    this.#isPrivate = heard === null;
    if (!heard) return;
    this.#lastLines = [...this.#lastLines, heard.text].slice(-keptLines);
    this.#plan.log[heard.level]({ line: heard.text }, 'postgres');
  }
}

/**
 * What PostgreSQL says, in our levels, or null for what is not ours to write down: errors of a client's statement quote
 * what people typed, and the caller has them anyway. A line without a head goes on the one before it.
 */
function understand(
  line: string,
  wasPrivate: boolean,
): { level: 'debug' | 'warn' | 'error'; text: string } | null {
  const [, backend, level, rest] = /^(?:([a-z ]+)\|)?([A-Z]+):\s+(.*)$/.exec(line) ?? [];
  if (level === undefined) return wasPrivate ? null : { level: 'warn', text: line };
  const isDire = level === 'FATAL' || level === 'PANIC';
  if (backend === 'client backend' && !isDire) return null;
  const text = `${level}: ${rest}`;
  // Refusing connections while it starts or ends is its duty, and LOG is chatter.
  if (level === 'LOG' || rest?.startsWith('the database system is ')) return { level: 'debug', text };
  return { level: isDire || level === 'ERROR' ? 'error' : 'warn', text };
}

/** Given on the command line, so that no file left in the folder can weaken them. */
function serverSettings(plan: Plan): string[] {
  const durability = plan.durable === false ? 'off' : 'on';
  const settings = {
    listen_addresses: '',
    port: String(port),
    unix_socket_directories: plan.socketDir,
    unix_socket_permissions: '0700',
    fsync: durability,
    synchronous_commit: durability,
    full_page_writes: durability,
    max_wal_size: '1GB', // Bounds recovery after a kill to seconds.
    shared_buffers: '128MB',
    max_connections: '60',
    max_locks_per_transaction: '256', // A query over all days locks each day's partition and its indexes.
    huge_pages: 'off',
    jit: 'off', // Compiling costs more than any query of ours.
    timezone: 'UTC',
    datestyle: 'ISO',
    cluster_name: superuser,
    logging_collector: 'off',
    log_destination: 'stderr',
    log_line_prefix: '%b|', // Which kind of process speaks: see `understand`.
    log_checkpoints: 'off',
    // No statement and no value ever reaches the log: they hold what people typed.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
