/**
 * `npm run bench [-- NAME… [--option …]]`: runs `bench/NAME.ts`, all of them without a name. A bench prints a JSON line
 * for each metric on stdout; here they are passed on and, at the end, shown to people as a table on stderr. Options go
 * to every bench that runs.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  ensureConsole,
  ensurePackages,
  ensurePrograms,
  inBoth,
  main,
  nodePath,
  root,
  SetUpProblem,
} from './set-up.mjs';

const folder = join(root, 'bench');
/** A bench has one word for a name; what it starts as a child of its own has a hyphen (`record-ours.ts`). */
const known = readdirSync(folder)
  .filter((name) => /^[a-z]+\.ts$/.test(name))
  .map((name) => name.slice(0, -3))
  .sort();

await main(async (args) => {
  const firstOption = args.findIndex((arg) => arg.startsWith('-'));
  const names = firstOption < 0 ? args : args.slice(0, firstOption);
  const options = firstOption < 0 ? [] : args.slice(firstOption);
  const strange = names.find((name) => !known.includes(name));
  if (strange) {
    const list = known.join(', ');
    throw new SetUpProblem(
      inBoth(
        `there is no bench ${strange}; there are ${list}.`,
        `没有名为 ${strange} 的测量，可用：${list}。`,
      ),
    );
  }
  await ensurePackages();
  await ensurePrograms(['ffmpeg', 'fonts', 'chromium', 'gstreamer']);
  await ensureConsole();
  const results = [];
  let worst = 0;
  for (const name of names.length > 0 ? names : known) {
    worst = Math.max(worst, await measure(name, options, results));
  }
  process.stderr.write(table(results));
  return worst;
});

function measure(name, options, results) {
  const child = spawn(nodePath(), [join(folder, `${name}.ts`), ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  createInterface(child.stdout).on('line', (line) => {
    process.stdout.write(`${line}\n`);
    const result = asResult(line);
    if (result) results.push(result);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function asResult(line) {
  if (!line.startsWith('{')) return null;
  try {
    const result = JSON.parse(line);
    return typeof result.metric === 'string' ? result : null;
  } catch {
    return null; // Not a result: passed on as it is.
  }
}

function table(results) {
  const head = ['metric', 'at', 'ours', 'p50', 'p95', 'peer', 'ratio', 'unit', ''];
  const rows = results.map((one) => [
    one.metric,
    Object.entries(one.at ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(' '),
    ...[one.ours, one.p50, one.p95, one.peer, one.ratio].map(figure),
    one.unit ?? '',
    one.peerName ?? '',
  ]);
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => String(row[i]).length)));
  return `\n${all
    .map((row) =>
      row
        .map((cell, i) => String(cell).padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`;
}

/** Three figures that count; a function of its own name, for the table is printed while this file still loads. */
function figure(value) {
  return typeof value === 'number' ? String(Number(value.toPrecision(3))) : (value ?? '');
}
