/**
 * Is the key ring the one under which this database's footage was sealed? A ring that was lost or exchanged is never
 * made anew in silence: the start refuses and says the way out, and `custos keys --accept` is the only other one.
 */
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { type Clock, Fault } from './base/index.ts';
import type { Tables } from './db/index.ts';
import { type RingThere, ringThere } from './engine/index.ts';
import { firstRing, newestSealed, ringInForce } from './store/index.ts';

/** new: nothing was sealed yet. known: it is the one. unnamed: it has the keys, and no one wrote down which ring it is. */
export type RingState = 'new' | 'known' | 'unnamed' | 'missing' | 'foreign';

export const ringFolder = (keysDir: string): string => join(keysDir, 'footage');

/** `there` is the ring in the folder of keys. */
export async function ringState(db: Kysely<Tables>, there: RingThere): Promise<RingState> {
  const inForce = await ringInForce(db);
  if (inForce) {
    if (there.id === null) return 'missing';
    return there.id === inForce.ring ? 'known' : 'foreign';
  }
  const sealed = await newestSealed(db);
  if (sealed.length === 0) return there.id === null ? 'new' : 'unnamed';
  if (there.id === null) return 'missing';
  const keys = await Promise.all(sealed.map(({ source, day }) => there.key(source, day)));
  return keys.some((key) => key !== 'none') ? 'unnamed' : 'foreign';
}

/** What is wrong and the way out, in both languages: who reads it sits at a terminal or in front of a log. */
export function sayRing(state: 'missing' | 'foreign', { dir, data }: { dir: string; data: string }) {
  const wrong = {
    missing: {
      en: `the key ring ${dir} is missing, and the footage of this database is sealed under it`,
      zh: `密钥库 ${dir} 缺失，而本数据库的录像由其加密`,
    },
    foreign: {
      en: `the key ring ${dir} is another one than that under which the footage of this database is sealed`,
      zh: `密钥库 ${dir} 并非加密本数据库录像所用的密钥库`,
    },
  }[state];
  const command = `custos keys --accept --reason "…" --data ${data}`;
  return {
    en: `${wrong.en}. To go on, put the right ${dir} back from its copy; if there is none any more, ${command} accepts the ring that is there, or a new one: what was recorded until then can never be read again, and the ledger says so`,
    zh: `${wrong.zh}。请从备份放回正确的 ${dir}；确已无备份时，可用 ${command} 启用现有或新建的密钥库：此前的录像将永远无法读取，并写入存证账本`,
  };
}

export interface RingAt {
  /** `DATA`. */
  readonly root: string;
  /** `DATA/keys`. */
  readonly keys: string;
}

/** Faults where the ring is missing or another's. Before anything makes one. */
export async function checkOneRing(db: Kysely<Tables>, { root, keys }: RingAt): Promise<RingState> {
  const dir = ringFolder(keys);
  const state = await ringState(db, await ringThere(dir));
  if (state !== 'missing' && state !== 'foreign') return state;
  const { en, zh } = sayRing(state, { dir, data: root });
  throw new Fault(`${en}. ${zh}`);
}

/** From now on the database knows its ring. */
export async function nameRing(
  db: Kysely<Tables>,
  state: RingState,
  { ring, clock }: { ring: string; clock: Clock },
): Promise<void> {
  if (state !== 'known') await firstRing(db, ring, clock.wallMs());
}
