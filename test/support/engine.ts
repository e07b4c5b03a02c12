/** A whole engine for one test, with its facts at hand: wait on a fact, then assert. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { noLog, systemClock } from '../../src/base/index.ts';
import { decodeFrame, type Frame } from '../../src/contract/frames.ts';
import {
  createEngine,
  type Engine,
  type EngineOptions,
  type Fact,
  type Source,
  type Volume,
} from '../../src/engine/index.ts';
import { LengthPrefixed } from '../../src/engine/ipc.ts';
import type { KeyRing } from '../../src/engine/keys/index.ts';
import { testKeys } from './keys.ts';

export type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

export interface TestEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly volume: Volume;
  readonly keys: KeyRing;
  /** Everything that was told so far. */
  readonly told: readonly Fact[];
  of<K extends Fact['kind']>(kind: K): FactOf<K>[];
  /** The first fact of this kind after the `from`-th fact that answers `wanted`; fails when none comes in time. */
  fact<K extends Fact['kind']>(
    kind: K,
    wanted?: (fact: FactOf<K>) => boolean,
    options?: { from?: number; withinMs?: number },
  ): Promise<FactOf<K>>;
  files(): Promise<string[]>;
  path(file: string): string;
}

export async function testEngine(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'custos-engine-'));
  const volume: Volume = { id: 'vol_test', path: join(folder, 'footage') };
  const told: Fact[] = [];
  const waiting = new Set<() => void>();
  const keys = await testKeys(folder);
  const engine = await createEngine({
    keys,
    runDir: join(folder, 'run'),
    perProcess: 64,
    transcodeLimit: 1,
    ffmpeg: '/usr/bin/ffmpeg',
    footage: async () => ({ segments: [], gaps: [] }),
    ...options,
    clock: systemClock,
    log: noLog,
  });
  const heard = (async () => {
    for await (const fact of engine.facts) {
      told.push(fact);
      for (const look of [...waiting]) look();
    }
  })();
  const find = (kind: string, wanted: (fact: Fact) => boolean, from: number) =>
    told.slice(from).find((fact) => fact.kind === kind && wanted(fact));
  return {
    engine,
    volume,
    keys,
    told,
    of: (kind) => told.filter((fact) => fact.kind === kind) as never,
    fact: (kind, wanted = () => true, { from = 0, withinMs = 20_000 } = {}) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look);
          const seen = told.slice(from).map((fact) => JSON.stringify(fact));
          reject(new assert.AssertionError({ message: `no ${kind} in time; told:\n${seen.join('\n')}` }));
        }, withinMs);
        const look = () => {
          const found = find(kind, wanted as (fact: Fact) => boolean, from);
          if (!found) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve(found as never);
        };
        waiting.add(look);
        look();
      }),
    files: async () =>
      (await readdir(volume.path, { recursive: true })).filter((name) => name.endsWith('.cvs')).sort(),
    path: (file) => join(volume.path, file),
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]();
      await heard;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A camera's main stream with nothing special about it. */
export function sourceOf(url: string, more: Partial<Source> = {}): Source {
  return {
    id: 'cam_1.main',
    cameraId: 'cam_1',
    stream: 'main',
    url,
    user: '',
    password: '',
    transport: 'tcp',
    sound: false,
    always: true,
    ...more,
  };
}

export interface Watched {
  readonly frames: readonly Frame[];
  readonly stream: Duplex;
  /** The first frame that answers `wanted`, of those that came or come. */
  frame(wanted: (frame: Frame) => boolean, withinMs?: number): Promise<Frame>;
  readonly closed: Promise<void>;
}

/** Reads frames from the engine's side of a viewer. */
export function watch(stream: Duplex): Watched {
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  const framer = new LengthPrefixed();
  stream.on('data', (chunk: Buffer) => {
    for (const message of framer.push(chunk)) frames.push(decodeFrame(message));
    for (const look of [...waiting]) look();
  });
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  return {
    frames,
    stream,
    closed,
    frame: (wanted, withinMs = 20_000) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          const kinds = frames.map((frame) => frame.kind).join(' ');
          reject(new assert.AssertionError({ message: `the frame did not come; came: ${kinds}` }));
        }, withinMs);
        const look = () => {
          const found = frames.find(wanted);
          if (!found) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}
