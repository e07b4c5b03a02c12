/** Goldens: a policy as a readable file. `UPDATE_GOLDENS=1` writes them anew; the diff is then judged by a person. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../golden');
const isUpdating = process.env.UPDATE_GOLDENS === '1';

export function golden(name: string, text: string): void {
  const file = join(folder, name);
  if (isUpdating) writeFileSync(file, text);
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : '';
  assert.equal(text, kept, `test/golden/${name} differs; UPDATE_GOLDENS=1 writes it anew`);
}

/** The lines of a golden list, without comments and blank lines. */
export function goldenLines(name: string): string[] {
  const file = join(folder, name);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
