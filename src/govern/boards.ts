/**
 * The duty board of a site, from what the registers hold today. Nothing of it is stored: a change of a camera, a record,
 * a filing or the law is on the board the next time somebody looks.
 */
import type { Kysely } from 'kysely';
import { refuse } from '../base/index.ts';
import { lawfulCameras } from '../collect/index.ts';
import type { Tables } from '../db/index.ts';
import { type Board, boardOf, localDay } from '../law/index.ts';
import { siteKeepings } from '../store/index.ts';
import { siteFilings } from './filing-state.ts';

/** By name. */
export async function siteBoards(db: Kysely<Tables>, nowMs: number): Promise<Board[]> {
  const boards = await boardsOf(db, nowMs);
  return boards.sort((a, b) => a.site.name.localeCompare(b.site.name, 'zh-Hans'));
}

export async function siteBoard(db: Kysely<Tables>, siteId: string, nowMs: number): Promise<Board> {
  const [board] = await boardsOf(db, nowMs, [siteId]);
  return board ?? refuse('site.unknown');
}

/** Of a filing only what was filed is asked here, not what would be signed now: no key is needed for that. */
const unsigned = '';

async function boardsOf(db: Kysely<Tables>, nowMs: number, ids?: readonly string[]): Promise<Board[]> {
  const filings = await siteFilings(db, { nowMs, key: unsigned }, ids);
  const sites = new Map(filings.map(({ site: { lawful } }) => [lawful.facts.id, lawful]));
  const cameras = await lawfulCameras(db, sites);
  const keeps = new Map((await siteKeepings(db)).map(({ siteId, policy }) => [siteId, policy.period]));
  return filings.map(({ facts, site: { lawful } }) => {
    const { id } = facts;
    const site = { ...facts, keeps: keeps.get(id) ?? null };
    return boardOf(site, cameras.get(id) ?? [], localDay(nowMs, lawful.timeZone));
  });
}
