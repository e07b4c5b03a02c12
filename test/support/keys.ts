/** Keys for tests: a ring in a folder, and one in memory whose keys follow from what they are for. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../../src/base/index.ts';
import { KeyRing } from '../../src/engine/index.ts';
import type { DayKey, DayKeys } from '../../src/engine/keys/index.ts';

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
