/**
 * What the ledger keeps beside the database, in `DATA/ledger/`: tiles, every checkpoint that was signed, the newest
 * one, and the public key. Whoever may write to the database cannot change these.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../base/index.ts';
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from './note.ts';
import { type Edge, type Hash, hashBytes, indexPath, tilePath, tileWidth, tileWidthAt } from './tree.ts';

export interface SignedCheckpoint {
  readonly file: string;
  readonly note: string;
}

/**
 * One of the notes in a day's list. One that a power cut left unfinished is passed over: it was not yet the newest, so
 * nobody was shown it, and the one after it says as much.
 */
const wholeNote = /^\S+\n\d+\n\S{44}\n\n(?:— \S+ \S{92,}\n)+/gm;

export class LedgerFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Null when there is none yet. */
  async key(): Promise<VerifierKey | null> {
    const text = await readIfThere(join(this.#dir, 'key'));
    if (text === null) return null;
    const key = parseVerifierKey(text.toString('utf8').trim());
    if (!key) throw new Fault(`${join(this.#dir, 'key')} is not a key of a ledger`);
    return key;
  }

  async writeKey(key: VerifierKey): Promise<void> {
    await writeWhole(join(this.#dir, 'key'), Buffer.from(`${formatVerifierKey(key)}\n`));
  }

  async newest(): Promise<string | null> {
    return (await readIfThere(join(this.#dir, 'checkpoint')))?.toString('utf8') ?? null;
  }

  /** First to the list of its day (UTC), which is only ever appended to, then as the newest. */
  async keepCheckpoint(note: string, day: string): Promise<void> {
    const list = join(this.#dir, 'checkpoints', `${day}.txt`);
    await mkdir(dirname(list), { recursive: true, mode: 0o700 });
    {
      await using file = await open(list, 'a', 0o600);
      await file.appendFile(`\n${note}`);
      await file.datasync();
    }
    await writeWhole(join(this.#dir, 'checkpoint'), Buffer.from(note));
  }

  /** Every checkpoint that was ever signed, oldest first. */
  async *checkpoints(): AsyncGenerator<SignedCheckpoint> {
    const folder = join(this.#dir, 'checkpoints');
    for (const file of (await filesIn(folder)).sort()) {
      for (const [note] of (await readFile(join(folder, file), 'utf8')).matchAll(wholeNote))
        yield { file, note };
    }
  }

  /** What a witness cosigned last, by the id of its key; null when it never did. */
  async cosigned(witness: string): Promise<string | null> {
    return (await readIfThere(join(this.#dir, 'cosigned', witness)))?.toString('utf8') ?? null;
  }

  async keepCosigned(witness: string, note: string): Promise<void> {
    await writeWhole(join(this.#dir, 'cosigned', witness), Buffer.from(note));
  }

  /** The first `width` hashes of the tile, null when they are not there. What the file holds beyond is not read. */
  async readTile(level: number, index: number, width: number): Promise<Buffer | null> {
    const full = join(this.#dir, 'tile', String(level), indexPath(index));
    const exact = width < tileWidth ? await readIfThere(join(`${full}.p`, `${width}`)) : null;
    if (exact?.length === width * hashBytes) return exact;
    const partials = width < tileWidth ? await filesIn(`${full}.p`) : [];
    const kept = Math.max(0, ...partials.map(Number).filter((w) => w >= width));
    const bytes =
      (await readIfThere(full)) ?? (kept > 0 ? await readIfThere(join(`${full}.p`, `${kept}`)) : null);
    return bytes !== null && bytes.length >= width * hashBytes ? bytes.subarray(0, width * hashBytes) : null;
  }

  /** Whole, on the disk, and then without the narrower ones of the same tile, which it begins with. */
  async writeTile(level: number, index: number, hashes: readonly Hash[]): Promise<void> {
    const path = join(this.#dir, 'tile', tilePath(level, index, hashes.length));
    await writeWhole(path, Buffer.concat(hashes));
    const folder = join(this.#dir, 'tile', `${level}/${indexPath(index)}.p`);
    if (hashes.length === tileWidth) await rm(folder, { recursive: true, force: true });
    else {
      const narrower = (await filesIn(folder)).filter((name) => Number(name) < hashes.length);
      for (const name of narrower) await rm(join(folder, name), { force: true });
    }
  }
}

export function hashesOf(tile: Buffer): Hash[] {
  return Array.from({ length: tile.length / hashBytes }, (_, i) =>
    tile.subarray(i * hashBytes, (i + 1) * hashBytes),
  );
}

/** The right edge of the tree of this size; null when a tile of it is missing. */
export async function edgeOfTiles(files: LedgerFiles, size: number): Promise<Edge | null> {
  const edge: Edge = { size, rows: [] };
  for (let level = 0; tileWidth ** level <= size; level++) {
    const index = Math.floor(size / tileWidth ** (level + 1));
    const width = tileWidthAt(size, level, index);
    const tile = width > 0 ? await files.readTile(level, index, width) : Buffer.alloc(0);
    if (tile === null) return null;
    edge.rows.push(hashesOf(tile));
  }
  return edge;
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.endsWith('.new'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.new`;
  {
    await using file = await open(draft, 'w', 0o600);
    await file.writeFile(bytes);
    await file.datasync();
  }
  await rename(draft, path);
}
