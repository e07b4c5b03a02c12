/**
 * The key ring: one key of 32 random bytes for each stream and UTC day, wrapped by the master, each in a small file of
 * its own. With a day's key destroyed that day is noise, on this disk and on every copy; a destroyed key stays known
 * as destroyed and is never made again. `docs/storage.md` is the specification of the files.
 */
import { chmod, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, BoundedMap, type Clock, Fault, newId, newKey } from '../../base/index.ts';
import type { SourceId } from '../terms.ts';
import { type DayKey, type DayKeys, dayKeyBytes, NoKey } from './day-key.ts';
import { overwrite, ownFolder, readIfThere, syncFolder, writeNew } from './durable.ts';
import { type Master, type MasterChoice, openMaster } from './master.ts';

export interface KeyRingOptions {
  /** `DATA/keys/footage`. */
  readonly dir: string;
  readonly master: MasterChoice;
  readonly clock: Clock;
  /** Called before each step of making and destroying a key, by its number in docs/storage.md. For tests. */
  readonly beforeStep?: (step: string) => void;
}

export interface Destroyed {
  /** `none` when the day never had a key. */
  readonly keyId: string;
  readonly destroyedAtMs: number;
}

/** One stream's key of one day. */
export interface ListedKey {
  readonly source: SourceId;
  readonly day: string;
  readonly keyId: string;
  /** null: it is there. */
  readonly destroyedAtMs: number | null;
}

interface KeyFile {
  readonly format: 1;
  readonly keyId: string;
  readonly source: SourceId;
  readonly day: string;
  readonly master: string;
  /** Base64. */
  readonly wrapped: string;
}

const sourceName = /^[A-Za-z0-9_-]{1,64}\.(main|sub)$/;
const dayName = /^\d{4}-\d{2}-\d{2}$/;
/** Unwrapped keys in memory: 64 cameras with two streams over a month. */
const maxOpen = 4_096;

const contextOf = ({ keyId, source, day }: Pick<KeyFile, 'keyId' | 'source' | 'day'>): string =>
  `custos day key\n${keyId}\n${source}\n${day}`;

export class KeyRing implements DayKeys {
  readonly #options: KeyRingOptions;
  readonly #master: Master;
  readonly #open = new BoundedMap<string, DayKey>(maxOpen);
  /** What is under way for a stream and day: one thing at a time. */
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #listeners = new Set<(source: SourceId, day: string) => void>();

  private constructor(options: KeyRingOptions, master: Master) {
    this.#options = options;
    this.#master = master;
  }

  /** `mst_…`, in `master.json`: which ring this is. */
  get id(): string {
    return this.#master.id;
  }

  /** Faults, in words for the operator, when the master is not the one that wrapped what is there. */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    await ownFolder(options.dir);
    await chmod(options.dir, 0o700);
    const ring = new KeyRing(options, await openMaster(options.dir, options.master));
    await ring.#tidy();
    return ring;
  }

  /** The key of a stream's day. With `create` it is made when the day has none; NoKey otherwise. */
  dayKey(source: SourceId, day: string, { create }: { create: boolean }): Promise<DayKey> {
    const name = nameOf(source, day);
    const known = this.#open.get(name);
    return known ? Promise.resolve(known) : this.#alone(name, () => this.#dayKey(source, day, create));
  }

  toSeal(source: SourceId, day: string): Promise<DayKey> {
    return this.dayKey(source, day, { create: true });
  }

  async toOpen(source: SourceId, day: string, keyId: string): Promise<DayKey> {
    const key = await this.dayKey(source, day, { create: false });
    if (key.keyId !== keyId)
      throw new NoKey('missing', `the key ${keyId} of ${source} on ${day} is not in the key ring`);
    return key;
  }

  /** Destroys a day's key for good, or finishes what was begun; a day without one can have none any more. */
  destroy(source: SourceId, day: string): Promise<Destroyed> {
    return this.#alone(nameOf(source, day), () => this.#destroy(source, day));
  }

  async has(source: SourceId, day: string): Promise<boolean> {
    const at = this.#paths(source, day);
    return (await readIfThere(at.key)) !== null && (await readIfThere(at.tombstone)) === null;
  }

  /** Every key there is or was, of one stream or of all. */
  async list(only?: SourceId): Promise<ListedKey[]> {
    const listed: ListedKey[] = [];
    for (const source of only === undefined ? await this.#sources() : [only])
      for (const day of await this.#days(source)) {
        const destroyed = await this.#destroyed(source, day);
        const key = destroyed ? null : await this.#read(source, day).catch(() => null);
        const keyId = destroyed?.keyId ?? key?.keyId ?? 'damaged';
        listed.push({ source, day, keyId, destroyedAtMs: destroyed?.destroyedAtMs ?? null });
      }
    return listed;
  }

  /** Called whenever a key was destroyed: whoever holds it in memory forgets it. */
  onDestroyed(listener: (source: SourceId, day: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #dayKey(source: SourceId, day: string, create: boolean): Promise<DayKey> {
    const destroyed = await this.#destroyed(source, day);
    if (destroyed) throw new NoKey('destroyed', `the key of ${source} on ${day} was destroyed`);
    const file = (await this.#read(source, day)) ?? (create ? await this.#make(source, day) : null);
    if (file === null) throw new NoKey('missing', `there is no key of ${source} on ${day}`);
    const key = await this.#unwrap(file);
    this.#open.set(nameOf(source, day), key);
    return key;
  }

  async #unwrap(file: KeyFile): Promise<DayKey> {
    const what = `the key of ${file.source} on ${file.day} is wrapped by another master`;
    if (file.master !== this.#master.id) throw new NoKey('locked', what);
    const key = await this.#master.wrapper
      .unwrap(Buffer.from(file.wrapped, 'base64'), contextOf(file))
      .catch((cause: unknown) => {
        if (cause instanceof Fault && cause.retry) throw cause;
        throw new NoKey('locked', `the key of ${file.source} on ${file.day} cannot be unwrapped`, cause);
      });
    if (key.length !== dayKeyBytes) throw new NoKey('locked', `${what}, or damaged`);
    return { keyId: file.keyId, key };
  }

  /** Durable before it is handed to anyone: a segment whose key a power cut took is lost. */
  async #make(source: SourceId, day: string): Promise<KeyFile> {
    const keyId = newId('key');
    this.#step('key 1');
    const wrapped = await this.#master.wrapper.wrap(newKey(dayKeyBytes), contextOf({ keyId, source, day }));
    const master = this.#master.id;
    const file: KeyFile = {
      ...{ format: 1, keyId, source, day, master },
      wrapped: Buffer.from(wrapped).toString('base64'),
    };
    this.#step('key 2');
    await ownFolder(join(this.#options.dir, source));
    await writeNew(this.#paths(source, day).key, Buffer.from(`${JSON.stringify(file)}\n`));
    this.#step('key 3');
    // Of two processes that make the same key the first wins, and both use what is there.
    return (await this.#read(source, day)) ?? file;
  }

  async #destroy(source: SourceId, day: string): Promise<Destroyed> {
    const at = this.#paths(source, day);
    let destroyed = await this.#destroyed(source, day);
    if (destroyed === null) {
      const keyId = (await this.#read(source, day).catch(() => null))?.keyId ?? 'none';
      destroyed = { keyId, destroyedAtMs: this.#options.clock.wallMs() };
      this.#step('destroy 1');
      await ownFolder(join(this.#options.dir, source));
      await writeNew(
        at.tombstone,
        Buffer.from(`${JSON.stringify({ format: 1, source, day, ...destroyed })}\n`),
      );
    }
    await this.#shred(at.key);
    this.#open.delete(nameOf(source, day));
    for (const listener of this.#listeners) listener(source, day);
    return destroyed;
  }

  async #shred(path: string): Promise<void> {
    if ((await readIfThere(path)) === null) return;
    this.#step('destroy 2');
    await overwrite(path);
    this.#step('destroy 3');
    await unlink(path);
    this.#step('destroy 4');
    await syncFolder(join(path, '..'));
  }

  /** What an end in the midst of it left: a destruction that was begun is finished, drafts go. */
  async #tidy(): Promise<void> {
    for (const source of await this.#sources()) {
      const names = await readdir(join(this.#options.dir, source));
      for (const draft of names.filter((one) => one.startsWith('.draft-'))) {
        await overwrite(join(this.#options.dir, source, draft));
        await unlink(join(this.#options.dir, source, draft));
      }
      for (const name of names.filter((one) => one.endsWith('.destroyed'))) {
        const day = name.slice(0, -'.destroyed'.length);
        if (names.includes(`${day}.key`)) await this.destroy(source, day);
      }
    }
  }

  async #read(source: SourceId, day: string): Promise<KeyFile | null> {
    const path = this.#paths(source, day).key;
    const bytes = await readIfThere(path);
    if (bytes === null) return null;
    const file = parsed<KeyFile>(bytes);
    const isOurs = file?.format === 1 && file.source === source && file.day === day;
    if (!isOurs || typeof file.keyId !== 'string' || typeof file.wrapped !== 'string')
      throw new NoKey('locked', `${path} is damaged`);
    return file;
  }

  /** A tombstone that cannot be read is one all the same. */
  async #destroyed(source: SourceId, day: string): Promise<Destroyed | null> {
    const bytes = await readIfThere(this.#paths(source, day).tombstone);
    if (bytes === null) return null;
    const file = parsed<Destroyed>(bytes);
    return { keyId: file?.keyId ?? 'damaged', destroyedAtMs: file?.destroyedAtMs ?? 0 };
  }

  async #sources(): Promise<string[]> {
    const entries = await readdir(this.#options.dir, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && sourceName.test(entry.name));
    return folders.map((entry) => entry.name).sort();
  }

  async #days(source: SourceId): Promise<string[]> {
    nameOf(source, '2000-01-01');
    const names = await readdir(join(this.#options.dir, source)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const days = names.map((name) => name.replace(/\.(key|destroyed)$/, ''));
    return [...new Set(days.filter((day) => dayName.test(day)))].sort();
  }

  #paths(source: SourceId, day: string): { key: string; tombstone: string } {
    nameOf(source, day);
    const at = join(this.#options.dir, source, day);
    return { key: `${at}.key`, tombstone: `${at}.destroyed` };
  }

  #alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.#busy.get(name) ?? Promise.resolve()).then(work, work);
    this.#busy.set(name, mine);
    const done = () => this.#busy.get(name) === mine && this.#busy.delete(name);
    mine.then(done, done);
    return mine;
  }

  #step(step: string): void {
    this.#options.beforeStep?.(step);
  }
}

/** Also a check: what becomes a path is nothing else than what we name streams and days. */
function nameOf(source: SourceId, day: string): string {
  assert(sourceName.test(source) && dayName.test(day), 'a key belongs to a stream and a day');
  return `${source}/${day}`;
}

function parsed<T>(bytes: Buffer): T | null {
  try {
    return JSON.parse(bytes.toString()) as T;
  } catch {
    return null;
  }
}
