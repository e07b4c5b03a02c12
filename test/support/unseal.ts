/** A stored segment as the plain MP4 that was sealed, for players and tools that know MP4. */
import { writeFile } from 'node:fs/promises';
import type { Volume } from '../../src/engine/engine.ts';
import type { DayKeys } from '../../src/engine/keys/index.ts';
import { SegmentFile } from '../../src/engine/segment/index.ts';

export async function unsealed(volume: Volume, path: string, keys: DayKeys): Promise<Buffer> {
  await using file = await SegmentFile.open(volume, path, keys);
  const parts: Uint8Array[] = [file.initBytes];
  for (const { offset, bytes } of file.parts) parts.push(await file.read(offset, offset + bytes));
  return Buffer.concat(parts);
}

/** Writes it beside the sealed one; gives its path. */
export async function unsealBeside(volume: Volume, path: string, keys: DayKeys): Promise<string> {
  const plain = `${volume.path}/${path.replaceAll('/', '_')}.mp4`;
  await writeFile(plain, await unsealed(volume, path, keys));
  return plain;
}
