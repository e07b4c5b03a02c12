/**
 * A reporter for `node --test` with one file: the tests as `spec` shows them, without its sums, and, in the file that
 * `CUSTOS_TEST_COUNTS` names, one JSON line a test as it ends, so that a run that is cut has still counted, and `end` after the last.
 */
import { appendFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { spec } from 'node:test/reporters';

const counts = process.env.CUSTOS_TEST_COUNTS;

export default async function* report(source) {
  yield* Readable.from(observe(source)).pipe(new spec());
}

async function* observe(source) {
  for await (const event of source) {
    if (event.type === 'test:pass' || event.type === 'test:fail') note(event);
    if (event.type !== 'test:diagnostic' && event.type !== 'test:summary') yield event;
  }
  // Without this line the file left before its tests were done, whatever its exit code says.
  write({ outcome: 'end' });
}

/** Suites are not tests, and neither is a file, unless it dies outside of any test. */
function note({ type, data }) {
  const isSuite = data.details?.type === 'suite';
  const isFile = data.nesting === 0 && data.file?.endsWith(data.name);
  if (isSuite || (isFile && type === 'test:pass')) return;
  const skipped = data.skip === undefined || data.skip === false ? undefined : String(data.skip);
  const line = {
    name: data.name,
    outcome: skipped !== undefined ? 'skipped' : type === 'test:fail' ? 'failed' : 'passed',
    why: skipped,
  };
  write(line);
}

function write(line) {
  if (counts) appendFileSync(counts, `${JSON.stringify(line)}\n`);
}
