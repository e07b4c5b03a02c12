/** A whole Custos for a test: the real server process on a free port and a folder of its own, and a caller for its API. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { layDatabase } from './cached.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
/** As `npm start` does it: what is compiled once is kept. */
const NODE_COMPILE_CACHE = new URL('../../node_modules/.cache/custos-main', import.meta.url).pathname;

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
  readonly headers: Headers;
}

export class Caller {
  readonly origin: string;
  cookie = '';
  csrf = '';

  constructor(origin: string) {
    this.origin = origin;
  }

  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await fetch(this.origin + path, {
      method,
      headers: this.headers(body !== undefined),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const cookie = response.headers.getSetCookie().find((value) => value.startsWith('custos_session='));
    if (cookie) this.cookie = cookie.split(';')[0] as string;
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      body: isJson && text ? JSON.parse(text) : text,
      headers: response.headers,
    };
  }

  headers(json = false): Record<string, string> {
    return {
      ...(json ? { 'content-type': 'application/json' } : {}),
      ...(this.cookie ? { cookie: this.cookie } : {}),
      ...(this.csrf ? { 'x-csrf': this.csrf } : {}),
    };
  }

  /** As `call`, but anything else than success ends the test with what the server said. */
  async must(method: string, path: string, body?: unknown): Promise<Reply['body']> {
    const reply = await this.call(method, path, body);
    if (reply.status >= 300)
      throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  /** As `call`, but asks again while the server says that its database is away for a moment. */
  async callSoon(method: string, path: string, body?: unknown): Promise<Reply> {
    return until(`${method} ${path} is answered`, async () => {
      const reply = await this.call(method, path, body);
      return reply.status === 503 ? undefined : reply;
    });
  }

  async signIn(name: string, password: string): Promise<this> {
    const { me } = await this.must('POST', '/api/session', { name, password });
    this.csrf = me.csrf;
    return this;
  }
}

export interface Custos extends AsyncDisposable {
  readonly origin: string;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly dataDir: string;
  /** What it wrote to stderr so far. */
  log(): string;
  caller(): Caller;
  /** Asks it to end and waits until it has. */
  stop(): Promise<number | null>;
  /** Ends all of its process group at once, as a power cut would. */
  kill(): Promise<void>;
}

export interface CustosOptions {
  readonly args?: readonly string[];
  /** Made, and removed at the end, unless given. */
  readonly dataDir?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** It makes its database itself, as on a machine where it never ran. Else that is laid out for it where none is. */
  readonly isFirstStart?: boolean;
}

/** Starts the server in a process group of its own. */
export async function startCustos(options: CustosOptions = {}): Promise<Custos> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'custos-test-')));
  if (!options.isFirstStart && !existsSync(join(dataDir, 'pg'))) await layDatabase(dataDir);
  const child = spawn(process.execPath, [main, '--port', '0', '--data', dataDir, ...(options.args ?? [])], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE, NODE_ENV: 'test', ...options.env },
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-200_000);
  });
  const exited = once(child, 'exit');
  const origin = await readyLine(child, exited, () => log);
  const kill = async () => {
    signalGroup(child, 'SIGKILL');
    await exited;
  };
  const stop = async () => {
    child.kill('SIGTERM');
    const [code] = (await exited) as [number | null];
    return code;
  };
  return {
    origin,
    child,
    pid: child.pid as number,
    dataDir,
    log: () => log,
    caller: () => new Caller(origin),
    stop,
    kill,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop();
      signalGroup(child, 'SIGKILL');
      if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal);
  } catch {
    // Nobody is left in the group.
  }
}

async function readyLine(child: ChildProcess, exited: Promise<unknown>, log: () => string): Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const ready = (async () => {
    for await (const line of lines) {
      const origin = /^custos ready (http\S+)$/.exec(line)?.[1];
      if (origin) return origin;
    }
    throw new Error(`it ended before it was ready:\n${log()}`);
  })();
  return Promise.race([ready, exited.then(() => ready)]);
}

/** Waits until `look` gives something other than undefined; the bound is for a test that would else hang. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  boundMs = 30_000,
): Promise<T> {
  const endMs = performance.now() + boundMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`waited ${boundMs / 1000} s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Makes the unit and its first person, who has every role the wizard gives, and signs in. */
export async function setUp(custos: Custos): Promise<{ caller: Caller; siteId: string }> {
  const caller = custos.caller();
  const { siteId } = await caller.must('POST', '/api/setup', {
    unit: '第一小学',
    name: 'first',
    password: 'correct horse battery',
    site: '校门',
    founding: true,
  });
  await caller.signIn('first', 'correct horse battery');
  return { caller, siteId };
}
