/** `npm test` counts right, ends with its line, and never calls a broken run good. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

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
