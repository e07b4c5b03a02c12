/** What can be told of a key ring without its master: which one it is, and of which days it has a key. */
import { join } from 'node:path';
import type { SourceId } from '../terms.ts';
import { readIfThere } from './durable.ts';
import { masterIdIn } from './master.ts';

export interface RingThere {
  /** `mst_…`; null: there is none. */
  readonly id: string | null;
  /** `gone`: it was destroyed. `none`: the ring knows nothing of this day. */
  key(source: SourceId, day: string): Promise<'there' | 'gone' | 'none'>;
}

/** `dir` is `DATA/keys/footage`. Makes nothing. */
export async function ringThere(dir: string): Promise<RingThere> {
  const id = await masterIdIn(dir);
  return {
    id,
    key: async (source, day) => {
      const at = join(dir, source, day);
      if ((await readIfThere(`${at}.destroyed`)) !== null) return 'gone';
      return (await readIfThere(`${at}.key`)) !== null ? 'there' : 'none';
    },
  };
}
