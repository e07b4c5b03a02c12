/**
 * A witness: someone else, who keeps the leaves of a log and cosigns a checkpoint only when its tree continues the tree
 * that was cosigned before (c2sp.org/tlog-witness, cosignature/v1). What contradicts it is kept as evidence, named to
 * the entry, and nothing is cosigned any more until a person has looked.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Fault, rfc3339 } from '../base/index.ts';
import { edgeOfTiles, hashesOf, LedgerFiles } from './files.ts';
import { openKey } from './key.ts';
import {
  type Checkpoint,
  cosignature,
  formatVerifierKey,
  openCheckpoint,
  openNote,
  type SignerKey,
  type VerifierKey,
} from './note.ts';
import {
  type Edge,
  grow,
  type Hash,
  newEdge,
  nodesOfTiles,
  partialTiles,
  rootOf,
  rootOfRange,
  sameHash,
  tilesOf,
  tileWidth,
  tileWidthAt,
} from './tree.ts';

/** How the log is reached; over HTTP, or as a test wants it. */
export interface LogView {
  checkpoint(): Promise<string>;
  /** `width` hashes of the tile; throws when the log does not give them. */
  tile(level: number, index: number, width: number): Promise<Buffer>;
}

/**
 * `split`: two trees of one size. `shrunk`: entries that were cosigned are gone from the end. `rewritten`: an entry that
 * was cosigned is another now. `tiles`: the tiles do not make the tree that the checkpoint says.
 */
export interface Alarm {
  readonly what: 'split' | 'shrunk' | 'rewritten' | 'tiles';
  /** RFC 3339. */
  readonly at: string;
  /** Leaves of the tree that was cosigned last, and of the one that contradicts it. */
  readonly cosigned: number;
  readonly shown: number;
  /** Place in the tree of the first entry that is not what was cosigned; null when only the root says so. */
  readonly firstLeaf: number | null;
  /** The two signed notes: who signed both has lied to one of two. */
  readonly ours: string;
  readonly theirs: string;
}

export type Looked =
  | { readonly alarm: Alarm }
  /** `before`: leaves of the tree that was cosigned last. */
  | { readonly note: string; readonly size: number; readonly before: number; readonly behind: boolean };

export class Witness {
  readonly #dir: string;
  readonly #files: LedgerFiles;
  readonly #log: VerifierKey;
  readonly #key: SignerKey;
  readonly #clock: Clock;

  constructor(at: { dir: string; log: VerifierKey; key: SignerKey; clock: Clock }) {
    this.#dir = at.dir;
    this.#files = new LedgerFiles(join(at.dir, 'log'));
    this.#log = at.log;
    this.#key = at.key;
    this.#clock = at.clock;
  }

  /** Refuses a folder that was begun for another log: its leaves would contradict everything. */
  static async open(at: { dir: string; log: VerifierKey; key: SignerKey; clock: Clock }): Promise<Witness> {
    const witness = new Witness(at);
    const known = await witness.#files.key();
    if (known && formatVerifierKey(known) !== formatVerifierKey(at.log))
      throw new Fault(`${at.dir} witnesses another log, ${known.name}: give each log a folder of its own`);
    if (!known) await witness.#files.writeKey(at.log);
    return witness;
  }

  /** What was found before and no person has put aside. */
  async alarm(): Promise<Alarm | null> {
    try {
      return JSON.parse(await readFile(join(this.#dir, 'alarm.json'), 'utf8')) as Alarm;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** The checkpoint that was cosigned last; null before the first. */
  async cosigned(): Promise<(Checkpoint & { note: string }) | null> {
    const note = await this.#files.newest();
    const checkpoint = note === null ? null : openCheckpoint(note, this.#log);
    if (note !== null && (!checkpoint || openNote(note, [this.#key])?.signedBy.length !== 1))
      throw new Fault('what this witness cosigned last is damaged: its folder is not its own work any more');
    return note !== null && checkpoint ? { ...checkpoint, note } : null;
  }

  /** One look at the log: cosigns, or raises the alarm, and has written down which before it returns. */
  async look(view: LogView): Promise<Looked> {
    const raised = await this.alarm();
    if (raised) return { alarm: raised };
    const note = await view.checkpoint();
    const shown = openCheckpoint(note, this.#log);
    if (!shown) throw new Fault('the log shows a checkpoint that its key did not sign', { retry: true });
    const ours = await this.cosigned();
    const size = ours?.size ?? 0;
    const edge = await edgeOfTiles(this.#files, size);
    if (edge === null || (ours && !sameHash(rootOf(edge), ours.root)))
      throw new Fault(
        'the leaves that this witness kept are damaged: its folder is not its own work any more',
      );
    const raise = (what: Alarm['what'], firstLeaf: number | null) =>
      this.#raise({
        what,
        firstLeaf,
        cosigned: size,
        shown: shown.size,
        ours: ours?.note ?? '',
        theirs: note,
      });
    if (shown.size <= size) {
      const isPrefix = sameHash(await this.#rootAt(shown.size, size), shown.root);
      if (!isPrefix)
        return raise(
          shown.size === size ? 'split' : 'rewritten',
          await this.#firstOther(view, shown.size, size),
        );
      if (shown.size < size) return { note, size: shown.size, before: size, behind: true };
    } else {
      const grown = await this.#follow(view, edge, shown.size);
      if (grown === null || !sameHash(rootOf(grown), shown.root)) {
        const other = await this.#firstOther(view, size, shown.size);
        return raise(other === null ? 'tiles' : 'rewritten', other);
      }
    }
    return { note: await this.#cosign(note), size: shown.size, before: size, behind: false };
  }

  /** A log that shows less than it showed, and again: that is no passing cache. */
  async raiseShrunk(behind: { note: string; size: number }): Promise<Alarm> {
    const ours = await this.cosigned();
    const { alarm } = await this.#raise({
      ...{ what: 'shrunk', firstLeaf: behind.size, cosigned: ours?.size ?? 0, shown: behind.size },
      ...{ ours: ours?.note ?? '', theirs: behind.note },
    });
    return alarm;
  }

  /** Takes in the leaves from ours on; null when the log's own tile says something else of ours. */
  async #follow(view: LogView, ours: Edge, size: number): Promise<Edge | null> {
    const edge: Edge = { size: ours.size, rows: ours.rows.map((row) => [...row]) };
    for (let index = Math.floor(edge.size / tileWidth); index * tileWidth < size; index++) {
      const hashes = hashesOf(await view.tile(0, index, tileWidthAt(size, 0, index)));
      const known = edge.size - index * tileWidth;
      if (known > 0 && !hashes.slice(0, known).every((hash, i) => sameHash(hash, edge.rows[0]![i]!)))
        return null;
      for (const hash of hashes.slice(known)) {
        // What is written beyond the tree that was cosigned last is believed only once the next one is.
        for (const full of grow(edge, hash)) await this.#files.writeTile(full.level, full.index, full.hashes);
      }
    }
    for (const { level, index, hashes } of partialTiles(edge))
      await this.#files.writeTile(level, index, hashes);
    return edge;
  }

  async #cosign(note: string): Promise<string> {
    const { text } = openNote(note, [this.#log])!;
    const own = note
      .slice(text.length + 1)
      .split(/(?<=\n)/)
      .find((line) => line.startsWith(`— ${this.#log.name} `))!;
    const nowMs = this.#clock.wallMs();
    const cosigned = `${text}\n${own}${cosignature(text, this.#key, Math.floor(nowMs / 1000))}`;
    await this.#files.keepCheckpoint(cosigned, rfc3339(nowMs).slice(0, 10));
    return cosigned;
  }

  async #rootAt(size: number, of: number): Promise<Hash> {
    if (size === 0) return rootOf(newEdge());
    const tiles = new Map<string, readonly Hash[]>();
    for (const { level, index, width } of tilesOf([{ begin: 0, end: size }], of)) {
      const bytes = await this.#files.readTile(level, index, width);
      if (!bytes) throw new Fault('a tile that this witness kept is missing');
      tiles.set(`${level}/${index}`, hashesOf(bytes));
    }
    const read = nodesOfTiles((level, index) => tiles.get(`${level}/${index}`) ?? []);
    return rootOfRange({ begin: 0, end: size }, read);
  }

  /**
   * The first leaf among those that both have which is not ours, down from the highest tiles; where the upper ones were
   * left as they were, one tile of leaves after the other. Null when all are ours.
   */
  async #firstOther(view: LogView, cosigned: number, shown: number): Promise<number | null> {
    const size = Math.min(cosigned, shown);
    let top = 0;
    while (tileWidth ** (top + 1) <= size) top++;
    for (let level = top; level >= 0; level--) {
      const found = await this.#firstOtherOf(view, size, level);
      if (found !== null) return found;
    }
    return null;
  }

  async #firstOtherOf(view: LogView, size: number, top: number): Promise<number | null> {
    const tiles = Math.ceil(Math.floor(size / tileWidth ** top) / tileWidth);
    for (let at = 0; at < tiles; at++) {
      let [level, index] = [top, at];
      for (;;) {
        const width = tileWidthAt(size, level, index);
        const [mine, theirs] = [
          await this.#files.readTile(level, index, width),
          await view.tile(level, index, width),
        ];
        if (!mine) throw new Fault('a tile that this witness kept is missing');
        const theirHashes = hashesOf(theirs);
        const differs = hashesOf(mine).findIndex((hash, i) => !sameHash(hash, theirHashes[i]!));
        if (differs < 0) break;
        if (level === 0) return index * tileWidth + differs;
        [level, index] = [level - 1, index * tileWidth + differs];
      }
    }
    return null;
  }

  async #raise(of: Omit<Alarm, 'at'>): Promise<{ alarm: Alarm }> {
    const alarm = { at: rfc3339(this.#clock.wallMs()), ...of };
    const path = join(this.#dir, 'alarm.json');
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    {
      await using file = await open(`${path}.new`, 'w', 0o600);
      await file.writeFile(`${JSON.stringify(alarm, null, 2)}\n`);
      await file.sync();
    }
    await rename(`${path}.new`, path);
    return { alarm };
  }
}

/** The witness's own key, in its folder. */
export const openWitnessKey = (dir: string, name: string): Promise<SignerKey> =>
  openKey(join(dir, 'witness.key'), 'witness', () => name);

/** A witness's folder is one process's at a time. */
export async function lockFolder(
  dir: string,
  pid: number,
  isAlive: (pid: number) => boolean,
): Promise<AsyncDisposable> {
  const path = join(dir, 'lock');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (let round = 0; round < 2; round++) {
    try {
      await using file = await open(path, 'wx', 0o600);
      await file.writeFile(String(pid));
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isAlive(Number(await readFile(path, 'utf8')))) break;
      await rm(path, { force: true });
    }
  }
  throw new Fault(`another witness works in ${dir}`);
}
