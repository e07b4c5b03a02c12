/**
 * `npm test [-- WORD…]`: types, style and every test; with words only the test files whose path holds one of them.
 * The last line is `N passed, M failed`, and the exit code is 0 only if M is 0.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ensureConsole,
  ensurePackages,
  ensurePrograms,
  inBoth,
  main,
  nodePath,
  root,
  run,
  SetUpProblem,
} from './set-up.mjs';
import { inOrder, isCalm, Jobs } from './test-jobs.mjs';

/** A test that hangs fails after this; one that needs more says so itself. */
const testMs = Number(process.env.CUSTOS_TEST_MS) || 180_000;
/** A file that says nothing for longer than any test may take will not end: it left something running, and fails. */
const silentMs = Number(process.env.CUSTOS_TEST_SILENT_MS) || 2 * testMs + 60_000;
const checkMs = 300_000;
const folder = process.env.CUSTOS_TEST_DIR ?? join(root, 'test');
const running = new Set();
let isInterrupted = false;

await main(async (words) => {
  await ensurePackages();
  const files = testFiles(words);
  onInterrupt();
  return sumUp(await runAll(files, words.length > 0 ? [] : checks()));
});

function testFiles(words) {
  const all = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
  const chosen =
    words.length === 0 ? all : all.filter((file) => words.some((word) => `test/${file}`.includes(word)));
  if (chosen.length > 0) return chosen;
  throw new SetUpProblem(
    inBoth(`no test file holds ${words.join(' or ')}.`, `没有测试文件匹配 ${words.join('、')}。`),
  );
}

/** @typedef {{name: string, outcome: 'passed' | 'failed' | 'skipped', why?: string}} Result */

function checks() {
  const bin = join(root, 'node_modules', '.bin');
  return [
    { name: 'types of server and tests (tsc)', command: join(bin, 'tsc'), args: ['-p', '.', '--noEmit'] },
    { name: 'types of the console (tsc)', command: join(bin, 'tsc'), args: ['-p', 'web', '--noEmit'] },
    {
      name: 'types of the browser tests (tsc)',
      command: join(bin, 'tsc'),
      args: ['-p', 'test/tsconfig.browser.json'],
    },
    { name: 'types of the drawn scenes (tsc)', command: join(bin, 'tsc'), args: ['-p', 'demo/draw'] },
    { name: 'style (biome)', command: join(bin, 'biome'), args: ['check', '--diagnostic-level=warn', '.'] },
  ];
}

/** @returns {Promise<Result>} */
async function runCheck({ name, command, args }) {
  // Their launchers want a Node newer than the one that may run this script.
  const env = { ...process.env, PATH: `${join(nodePath(), '..')}:${process.env.PATH}` };
  const { code, tail } = await run(command, args, { boundMs: checkMs, env });
  process.stdout.write(code === 0 ? `✔ ${name}\n` : `✖ ${name}\n${tail}\n`);
  return { name, outcome: code === 0 ? 'passed' : 'failed' };
}

/** Checks need neither the console nor programs of the system, so they run while these are made. */
async function runAll(files, wanted) {
  const counts = mkdtempSync(join(tmpdir(), 'custos-counts-'));
  const jobs = new Jobs(() => isInterrupted);
  try {
    const tools = ensurePrograms(['ffmpeg', 'fonts', 'chromium', 'gstreamer', 'ceph']);
    for (const check of wanted) jobs.add(async () => [await runCheck(check)]);
    await Promise.all([tools, ensureConsole()]);
    for (const [index, file] of inOrder(files).entries()) {
      jobs.add(() => runFile(file, join(counts, String(index))), isCalm(file));
    }
    return await jobs.results();
  } finally {
    rmSync(counts, { recursive: true, force: true });
  }
}

/** @returns {Promise<Result[]>} */
async function runFile(file, counts) {
  const startedMs = performance.now();
  const { said, code, isCut } = await spawnFile(file, counts);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  process.stdout.write(`\n${join('test', file)} (${seconds} s)\n${said.trimEnd()}\n`);
  const lines = existsSync(counts) ? readFileSync(counts, 'utf8').trim().split('\n') : [];
  const all = lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  const results = all.filter((result) => result.outcome !== 'end');
  const isWhole = all.length > results.length;
  const hasFailure = results.some((result) => result.outcome === 'failed');
  if (isCut) results.push({ name: `${file} ends by itself`, outcome: 'failed' });
  else if ((code !== 0 || !isWhole) && !hasFailure)
    results.push({ name: `${file} ends well (${code})`, outcome: 'failed' });
  return results;
}

/** Each file in a process of its own; what it says is shown when it ends, so that two files do not mix. */
function spawnFile(file, counts) {
  const flags = ['--test', '--test-isolation=none', `--test-timeout=${testMs}`];
  const reporter = [
    `--test-reporter=${join(root, 'scripts', 'test-reporter.mjs')}`,
    '--test-reporter-destination=stdout',
  ];
  const child = spawn(nodePath(), [...flags, ...reporter, join(folder, file)], {
    cwd: root,
    // Set when a test runs us: the inner runner would take itself for a part of the outer one.
    env: {
      ...process.env,
      NODE_TEST_CONTEXT: undefined,
      // As `npm start` does it: what one file compiled, the next finds.
      NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'custos-main'),
      CUSTOS_TEST_COUNTS: counts,
      FORCE_COLOR: process.stdout.isTTY ? '1' : '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  return new Promise((resolve, reject) => {
    let said = '';
    let isCut = false;
    const cut = () => {
      isCut = true;
      child.kill('SIGKILL');
    };
    let silence = setTimeout(cut, silentMs);
    const keep = (bytes) => {
      said += bytes;
      clearTimeout(silence);
      silence = setTimeout(cut, silentMs);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    // Not 'close': something that was left running may hold the pipe open for ever.
    child.once('exit', (code, signal) => {
      clearTimeout(silence);
      running.delete(child);
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ said, code: code ?? signal, isCut });
      });
    });
  });
}

function onInterrupt() {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      isInterrupted = true;
      for (const child of running) child.kill('SIGTERM');
    });
  }
}

/** @param {Result[]} results */
function sumUp(results) {
  const of = (outcome) => results.filter((result) => result.outcome === outcome);
  if (isInterrupted) results.push({ name: 'the run was interrupted', outcome: 'failed' });
  const lines = [
    ...of('skipped').map(({ name, why }) => `skipped: ${name}${why ? ` (${why})` : ''}`),
    ...of('failed').map(({ name }) => `failed: ${name}`),
    `${of('passed').length} passed, ${of('failed').length} failed`,
  ];
  process.stdout.write(`\n${lines.join('\n')}\n`);
  return of('failed').length === 0 ? 0 : 1;
}
