/** One engine as `npm start` runs it, without the server above: pulls and records what its parent names, until told to end. */
import { mkdirSync } from 'node:fs';
import { noLog, systemClock } from '../src/base/index.ts';
import { createEngine, KeyRing, type Source } from '../src/engine/index.ts';

export interface Order {
  readonly folder: string;
  readonly urls: readonly string[];
}

process.once('message', (order: Order) => {
  run(order).catch((error) => {
    console.error(error);
    process.exit(1);
  });
});

const sourceOf = (url: string, i: number): Source => ({
  id: `cam${i}.main`,
  cameraId: `cam${i}`,
  stream: 'main',
  url,
  user: '',
  password: '',
  transport: 'tcp',
  sound: false,
  always: true,
});

async function run({ folder, urls }: Order): Promise<void> {
  mkdirSync(`${folder}/run`, { recursive: true, mode: 0o700 });
  mkdirSync(`${folder}/footage`, { recursive: true });
  const keys = await KeyRing.open({
    dir: `${folder}/keys`,
    master: { kind: 'file' },
    clock: systemClock,
  });
  const engine = await createEngine({
    keys,
    runDir: `${folder}/run`,
    perProcess: 64,
    transcodeLimit: 0,
    ffmpeg: null,
    clock: systemClock,
    log: noLog,
    footage: async () => ({ segments: [], gaps: [] }),
  });
  urls.map(sourceOf).forEach((source) => {
    engine.pull(source);
    engine.record(source.id, { id: 'bench', path: `${folder}/footage` });
  });
  process.on('message', () => {
    engine[Symbol.asyncDispose]().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  for await (const fact of engine.facts)
    if (fact.kind === 'opened' || fact.kind === 'lost' || fact.kind === 'gap') process.send?.(fact);
}
