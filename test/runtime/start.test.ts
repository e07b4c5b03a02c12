/** `npm start` in one piece: one line on stdout, and nothing left running however it ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

const start = join(import.meta.dirname, '../../scripts/start.mjs');
const readyMs = 120_000;
/** The promise is 10 s; the rest is for a machine that is busy with other tests. */
const goneMs = 20_000;

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly lines: string[];
}

async function startIn(dir: string, args: string[] = []): Promise<Running> {
  const child = spawn(process.execPath, [start, '--port', '0', '--data', dir, ...args], {
    // A group of its own, as a terminal gives it one; and a mark by which every descendant is found again.
    detached: true,
    env: { ...process.env, CUSTOS_NO_APT: '1', CUSTOS_TEST_MARK: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes).slice(-2_000);
  });
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready: ${said}`)), readyMs).unref();
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes;
      lines.splice(0, lines.length, ...out.split('\n').filter((line) => line !== ''));
      const ready = /^custos ready (\S+)$/m.exec(out);
      if (!ready?.[1]) return;
      clearTimeout(timer);
      resolve(ready[1]);
    });
  });
  return { child, url, lines };
}

/** Every living process that descends from a start on `dir`, the database included. */
function processesOf(dir: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return false;
      const isMarked = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`CUSTOS_TEST_MARK=${dir}\0`);
      return isMarked || readlinkSync(`/proc/${pid}/cwd`) === join(dir, 'pg');
    } catch {
      return false; // It ended while we looked.
    }
  });
}

async function allGone(dir: string): Promise<void> {
  const endMs = performance.now() + goneMs;
  while (processesOf(dir).length > 0) {
    if (performance.now() > endMs) assert.fail(`left running: ${processesOf(dir).map(commandOf).join('; ')}`);
    await wait(50);
  }
}

const commandOf = (pid: string) =>
  `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`;

async function inFolder(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'custos-start-'));
  try {
    await work(dir);
  } finally {
    for (const pid of processesOf(dir)) process.kill(Number(pid), 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
}

test('a start says one line, answers, and ends with everything it started when told to', async () => {
  await inFolder(async (dir) => {
    const { child, url, lines } = await startIn(dir, ['--demo']);
    const { status } = (await (await fetch(`${url}/api/health`)).json()) as { status: string };
    assert.match(status, /^(ok|degraded)$/);
    assert.ok(processesOf(dir).length >= 3, 'start, server, database');
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    assert.deepEqual(lines, [`custos ready ${url}`]);
    await allGone(dir);
  });
});

test('Ctrl-C, which reaches every process of the terminal at once, ends everything in order', async () => {
  await inFolder(async (dir) => {
    const { child } = await startIn(dir);
    process.kill(-child.pid!, 'SIGINT');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    await allGone(dir);
  });
});

test('a start that is killed outright leaves nothing running, and the next one is ready', {
  timeout: 400_000,
}, async () => {
  await inFolder(async (dir) => {
    const first = await startIn(dir);
    first.child.kill('SIGKILL');
    await allGone(dir);
    const second = await startIn(dir);
    process.kill(-second.child.pid!, 'SIGKILL');
    await allGone(dir);
    const third = await startIn(dir);
    third.child.kill('SIGTERM');
    assert.deepEqual((await once(third.child, 'exit'))[0], 0);
  });
});

test('a wrong option ends the start with a sentence and code 2', async () => {
  const child = spawn(process.execPath, [start, '--prot', '1'], {
    env: { ...process.env, CUSTOS_NO_APT: '1', LANG: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said += bytes;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 2);
  assert.match(said, /There is no option --prot; did you mean --port\?/);
});
