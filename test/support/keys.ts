/** Keys for tests: a ring in a folder, and one in memory whose keys follow from what they are for. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/base/index.ts';
import { KeyRing } from '../../src/engine/index.ts';
import type { DayKey, DayKeys } from '../../src/engine/keys/index.ts';
import { masterWrapper } from '../../src/engine/keys/wrapper.ts';

/** A key ring with a master of its own in `<folder>/keys`. */
export const testKeys = (folder: string): Promise<KeyRing> =>
  KeyRing.open({ dir: join(folder, 'keys'), master: { kind: 'file' }, clock: systemClock });

export function knownKey(source: string, day: string): DayKey {
  const key = createHash('sha256').update(`test ${source} ${day}`).digest();
  return { keyId: `key_${source}_${day}`, key };
}

/** Has every key there could be. */
export const knownKeys: DayKeys = {
  toSeal: async (source, day) => knownKey(source, day),
  toOpen: async (source, day) => knownKey(source, day),
};

/** A real ring in `dir` that has these keys of `knownKeys`, and makes others as any ring does. */
export async function layKnownRing(
  dir: string,
  days: readonly { source: string; day: string }[],
): Promise<void> {
  const master = (await KeyRing.open({ dir, master: { kind: 'file' }, clock: systemClock })).id;
  const wrapper = masterWrapper(await readFile(join(dir, 'master.key')));
  for (const { source, day } of days) {
    const { keyId, key } = knownKey(source, day);
    const wrapped = await wrapper.wrap(key, `custos day key\n${keyId}\n${source}\n${day}`);
    const file = { format: 1, keyId, source, day, master, wrapped: Buffer.from(wrapped).toString('base64') };
    await mkdir(join(dir, source), { recursive: true, mode: 0o700 });
    await writeFile(join(dir, source, `${day}.key`), JSON.stringify(file), { mode: 0o600 });
  }
}
