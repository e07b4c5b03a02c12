/** Small parts of the composition: folders, certificates, FFmpeg, and the one loop that hands facts to who hears them. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, childEnvironment, Fault, type Log, type Settings, sayError } from './base/index.ts';
import { type Fact, KeyRing, type MasterChoice } from './engine/index.ts';

const root = join(import.meta.dirname, '..');

export const version: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

const builtConsole = join(root, 'web', 'dist');
export const consoleDir: string | null = existsSync(join(builtConsole, 'index.html')) ? builtConsole : null;

export async function dataFolder(
  path: string,
): Promise<{ root: string; keys: string; ledger: string; run: string }> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const run = join(path, 'run');
  await mkdir(run, { recursive: true, mode: 0o700 });
  await chmod(run, 0o700);
  return { root: path, keys: join(path, 'keys'), ledger: join(path, 'ledger'), run };
}

/** The keys of all footage, under the master that the settings name. */
export async function openKeys(settings: Settings, keysDir: string, clock: Clock): Promise<KeyRing> {
  return KeyRing.open({ dir: join(keysDir, 'footage'), master: await masterOf(settings), clock });
}

/** As `openKeys`, but makes no ring where there is none. */
export async function openKeysThere(
  settings: Settings,
  keysDir: string,
  clock: Clock,
): Promise<KeyRing | null> {
  return existsSync(join(keysDir, 'footage', 'master.json')) ? openKeys(settings, keysDir, clock) : null;
}

async function masterOf(settings: Settings): Promise<MasterChoice> {
  const { masterKey, masterPassphraseFile, masterPassphrase, masterCommand } = settings;
  if (masterCommand !== undefined) return { kind: 'command', program: masterCommand };
  if (masterPassphrase !== undefined) return { kind: 'passphrase', passphrase: masterPassphrase };
  if (masterPassphraseFile === undefined)
    return masterKey === undefined ? { kind: 'file' } : { kind: 'file', path: masterKey };
  const text = await readFile(masterPassphraseFile, 'utf8').catch((cause: unknown) => {
    throw new Fault(`the passphrase file ${masterPassphraseFile} cannot be read`, { cause });
  });
  const passphrase = text.split(/\r?\n/)[0] ?? '';
  if (passphrase.length < 8)
    throw new Fault(`the passphrase in ${masterPassphraseFile} is shorter than 8 characters`);
  return { kind: 'passphrase', passphrase };
}

/** Begins to make a part whose place comes later; one that nobody took is ended. */
export function begin<Part extends AsyncDisposable>(make: () => Promise<Part>) {
  const making = make();
  let isTaken = false;
  // Who takes it hears of its failure; when something else fails first, nobody does.
  making.catch(() => {});
  return {
    async take(): Promise<Part> {
      const part = await making;
      isTaken = true;
      return part;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      if (!isTaken) await making.then((part) => part[Symbol.asyncDispose]()).catch(() => {});
    },
  };
}

export async function readTls(settings: Settings): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  const { tlsCert, tlsKey } = settings;
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  try {
    return { cert: await readFile(tlsCert), key: await readFile(tlsKey) };
  } catch (cause) {
    throw new Fault('the certificate or its key cannot be read', { cause });
  }
}

/** FFmpeg and its version; null, said in the log, when there is none that answers. */
export async function findFfmpeg(
  path: string | null,
  log: Log,
): Promise<{ path: string; version: string } | null> {
  if (path === null) {
    log.warn({}, 'no FFmpeg: stills and the conversion of H.265 are off (apt install ffmpeg)');
    return null;
  }
  try {
    const options = { timeout: 10_000, maxBuffer: 1 << 20, env: childEnvironment() };
    const { stdout } = await promisify(execFile)(path, ['-hide_banner', '-version'], options);
    return { path, version: /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'unknown' };
  } catch (error) {
    log.warn({ path, error: sayError(error) }, 'this FFmpeg does not run: stills and conversion are off');
    return null;
  }
}

interface Hears {
  hear(fact: Fact): void;
}

/**
 * Hands each fact of the engine to all who hear facts, in order, until the engine has ended; then ends what lived on
 * facts. It is made before the engine, so that it is closed after it: the last facts are the closed segments.
 */
export function hearFacts(log: Log) {
  const after: AsyncDisposable[] = [];
  let loop: Promise<void> = Promise.resolve();
  const run = async (facts: AsyncIterable<Fact>, hearers: readonly Hears[]) => {
    for await (const fact of facts) {
      log.debug({ ...fact }, 'fact');
      for (const hearer of hearers) hearer.hear(fact);
    }
  };
  return {
    listen(facts: AsyncIterable<Fact>, hearers: readonly Hears[], lastly: AsyncDisposable): void {
      // A hearer that throws is our own mistake: the rejection is caught by nobody, and ends the process.
      loop = run(facts, hearers);
      after.push(lastly);
    },
    /** `last` is disposed after the loop, and after all that was given before. */
    endWith(last: AsyncDisposable): void {
      after.push(last);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await loop;
      for (const one of after) await one[Symbol.asyncDispose]();
    },
  };
}
