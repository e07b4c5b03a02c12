/** `npm test` counts right, ends with its line, and never calls a broken run good. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { calm, inOrder, Jobs, longFirst } from '../../scripts/test-jobs.mjs';

const runner = join(import.meta.dirname, '../../scripts/test.mjs');

/** Runs our runner over files of its own, with short patience. */
async function run(files: Record<string, string>): Promise<{ code: number; last: string; out: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'custos-runner-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(
        join(dir, `${name}.test.ts`),
        `import { describe, it, test } from 'node:test';\n${text}\n`,
      );
    }
    const patience = { CUSTOS_TEST_DIR: dir, CUSTOS_TEST_MS: '2000', CUSTOS_TEST_SILENT_MS: '8000' };
    const env = { ...process.env, ...patience, CUSTOS_NO_APT: '1', LANG: 'C' };
    return await new Promise((resolve) => {
      execFile(process.execPath, [runner, '.test.ts'], { env }, (error, out) => {
        const last = out.trimEnd().split('\n').at(-1) ?? '';
        resolve({ code: error ? Number(error.code) : 0, last, out });
      });
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test('a good run ends with its count and exit code 0', async () => {
  const files = {
    one: "test('a', () => {}); describe('group', () => { it('b', () => {}); });",
    two: "test('c', async (t) => { await t.test('d', () => {}); }); test('e', { skip: 'no camera' }, () => {});",
  };
  const { code, last, out } = await run(files);
  assert.deepEqual([code, last], [0, '4 passed, 0 failed'], out);
  assert.match(out, /^skipped: e \(no camera\)$/m);
});

test('a failure, a file that dies, one that leaves early and one that never ends are all failures', async () => {
  const { code, last, out } = await run({
    fails: "test('good', () => {}); test('bad', () => { throw new Error('x'); });",
    dies: "throw new Error('at once');",
    leaves: "test('x', () => { process.exit(0); }); test('never', () => {});",
    stays: "test('ok', () => {}); setInterval(() => {}, 1000);",
    hangs: "test('hang', () => new Promise(() => { setInterval(() => {}, 1000); })); test('next', () => {});",
  });
  assert.equal(code, 1, out);
  assert.match(out, /^failed: bad$/m);
  assert.match(out, /^failed: .*dies\.test\.ts$/m);
  assert.match(out, /^failed: .*leaves\.test\.ts/m);
  assert.match(out, /^failed: stays\.test\.ts ends by itself$/m);
  assert.match(out, /^failed: hang$/m);
  assert.match(last, /^3 passed, \d failed$/);
});

test('the files that are begun first, and those that bear one other beside them, are there', () => {
  for (const name of [...longFirst, ...calm])
    assert.ok(existsSync(join(import.meta.dirname, '..', `${name}.test.ts`)), name);
});

test('the order loses no file and doubles none', () => {
  const files = ['a.test.ts', 'store/full.test.ts', 'console/console.test.ts', 'z.test.ts'];
  const ordered = ['console/console.test.ts', 'store/full.test.ts', 'a.test.ts', 'z.test.ts'];
  assert.deepEqual(inOrder(files), ordered);
});

test('every job is done once, and beside one that needs calm there is never more than one other', async () => {
  const jobs = new Jobs();
  const running = new Map<number, boolean>();
  let most = 0;
  const work = (index: number, isCalm: boolean) => async () => {
    running.set(index, isCalm);
    most = Math.max(most, running.size);
    if ([...running.values()].includes(true))
      assert.ok(running.size <= 2, `${running.size} beside a calm one`);
    for (let turns = 0; turns < (index * 7) % 5; turns++) await new Promise(setImmediate);
    running.delete(index);
    return [index];
  };
  for (let index = 0; index < 60; index++) jobs.add(work(index, index % 4 === 0), index % 4 === 0);
  const done = await jobs.results();
  assert.deepEqual(
    done.map(Number).toSorted((a, b) => a - b),
    Array.from({ length: 60 }, (_, index) => index),
  );
  assert.ok(most >= 2, 'they run beside each other');
});
