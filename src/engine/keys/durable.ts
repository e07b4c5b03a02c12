/** Small files of the key ring: whole or not there, on the platter before anyone relies on them, for us alone. */
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newKey, newSecret } from '../../base/index.ts';

/** Makes a folder, 0700, and its name durable; one that is there is left as it is. */
export async function ownFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(made));
}

/** Writes a new file; false when there is one of this name already, which is left as it is. */
export async function writeNew(path: string, bytes: Uint8Array): Promise<boolean> {
  const draft = join(dirname(path), `.draft-${newSecret(9)}`);
  {
    await using file = await open(draft, 'wx', 0o600);
    await file.writeFile(bytes);
    await file.datasync();
  }
  let isNew = true;
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    isNew = false;
  });
  await unlink(draft);
  await syncFolder(dirname(path));
  return isNew;
}

/** The content of a file, or null when there is none. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Overwrites a file in its place with noise, durably. */
export async function overwrite(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  const { size } = await file.stat();
  await file.write(newKey(Math.max(1, size)), 0, Math.max(1, size), 0);
  await file.datasync();
}

export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
