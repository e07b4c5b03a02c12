/**
 * The marker of a volume: a file in its root that says which volume of which installation lies here. Where another
 * disk, or none, is mounted it is not there, and then nothing is written and nothing is taken for ours.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from '../terms.ts';

export const markName = '.custos-volume';
/** Written now and then to see whether the disk takes anything. */
export const probeName = '.custos-probe';

/** What stands in the marker. */
export const markOf = (of: { volumeId: string; installationId: string }): string =>
  `${JSON.stringify({ format: 1, volume: of.volumeId, installation: of.installationId })}\n`;

/** The error of the read, or one with code EMARK, when the folder is not this volume. */
export async function checkMark(volume: Pick<Volume, 'path' | 'mark'>): Promise<void> {
  if (volume.mark === undefined) return;
  const found = await readFile(join(volume.path, markName), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === volume.mark) return;
  throw Object.assign(new Error(`${volume.path} is not the volume it was`), { code: 'EMARK' });
}
