/** `law-coverage.txt`: every row of the book is there, and every claim has its file and its test. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { duties, enforced } from '../../src/law/index.ts';
import { goldenLines } from '../support/golden.ts';

const root = join(import.meta.dirname, '../..');
const claimed = /^([A-Z]{2}-\d\d) {2}(enforced|detected|recorded|proven) {2}(\S+) {2}(\S+) {2}"(.+)"$/;
const unclaimed = /^([A-Z]{2}-\d\d) {2}(not yet|no system action) {2}(\S.{5,})$/;

interface Line {
  readonly id: string;
  readonly how: string;
  readonly where?: string;
  readonly file?: string;
  readonly name?: string;
}

function read(line: string): Line {
  const [, id = '', how = '', where = '', file = '', name = ''] = claimed.exec(line) ?? [];
  if (id) return { id, how, where, file, name };
  const [, other = '', state = ''] = unclaimed.exec(line) ?? [];
  assert.ok(other, `law-coverage.txt: no such form of a line: ${line}`);
  return { id: other, how: state };
}
const lines = goldenLines('law-coverage.txt').map(read);

/** Whether a test of this name stands in the text; a name with a value in it stands as it is written. */
function hasTest(text: string, name: string): boolean {
  const written = [name, name.replaceAll("'", "\\'")];
  return written.some((each) => ["'", '"', '`'].some((quote) => isCalled(text, `${quote}${each}${quote}`)));
}
function isCalled(text: string, quoted: string): boolean {
  for (let at = text.indexOf(quoted); at >= 0; at = text.indexOf(quoted, at + 1))
    if (/\b(test|it)\((\s|\w+\s*,)*$/.test(text.slice(Math.max(0, at - 80), at))) return true;
  return false;
}

test('every row of the book is in law-coverage.txt, and nothing else is', () => {
  const rows = new Set(lines.map(({ id }) => id));
  assert.deepEqual(
    duties.map(({ id }) => id).filter((id) => !rows.has(id)),
    [],
  );
  const known = new Set(duties.map(({ id }) => id));
  assert.deepEqual(
    [...rows].filter((id) => !known.has(id)),
    [],
  );
});

test('a row is claimed, not yet kept, or nobody’s, and only one of these', () => {
  const ways = new Map<string, Set<string>>();
  for (const { id, where, how } of lines)
    ways.set(id, (ways.get(id) ?? new Set()).add(where === undefined ? how : 'claimed'));
  for (const [id, all] of ways) assert.equal(all.size, 1, `${id}: ${[...all].join(' and ')}`);
});

test('every claim names a file that exists and a test that stands in its file', () => {
  for (const { id, where, file, name } of lines) {
    if (where === undefined || file === undefined || name === undefined) continue;
    assert.ok(existsSync(join(root, where)), `${id}: no file ${where}`);
    assert.ok(file.startsWith('test/') && existsSync(join(root, file)), `${id}: no file ${file}`);
    assert.ok(hasTest(readFileSync(join(root, file), 'utf8'), name), `${id}: ${file} has no test "${name}"`);
  }
});

test('a test that is not there is not found', () => {
  const text = "test('one', () => {});\nit(\n  'two', () => {}); const note = 'three';";
  assert.ok(hasTest(text, 'one') && hasTest(text, 'two'));
  assert.ok(!hasTest(text, 'three') && !hasTest(text, 'tw'));
});

test('what the board calls met by the system is exactly what is claimed so here', () => {
  const ids = new Set(lines.filter(({ how }) => how === 'enforced').map(({ id }) => id));
  const bySystem = duties.filter(({ judged }) => judged.by === 'system').map(({ id }) => id);
  assert.deepEqual(new Set(bySystem.filter((id) => ids.has(id))), enforced);
});
