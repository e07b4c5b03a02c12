/** When a second factor is demanded: of whom by role, and of everybody who signs in from outside of the unit. */
import { BlockList, isIP } from 'node:net';
import type { Kysely, Transaction } from 'kysely';
import type { Role } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from './grant.ts';

export interface SecondRule {
  readonly roles: readonly Role[];
  /** The unit's own networks, `10.1.0.0/16`; empty: nobody is off-site. */
  readonly inside: readonly string[];
}

export const noRule: SecondRule = { roles: [], inside: [] };

/** `10.1.0.0/16`, `192.0.2.7`, `2001:db8::/32`: null when it is none. */
export function readNetwork(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | null {
  const [address = '', bits, ...more] = text.trim().split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return null;
  const most = version === 4 ? 32 : 128;
  const wide = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (wide < 0 || wide > most) return null;
  return { address, bits: wide, family: version === 4 ? 'ipv4' : 'ipv6' };
}

const lists = new Map<string, BlockList>();
const maxLists = 16;

/** The machine itself is inside. */
export function isOffSite(rule: SecondRule, from: string): boolean {
  if (rule.inside.length === 0 || from === 'local') return false;
  const version = isIP(from);
  if (version === 0) return true;
  return !listOf(rule.inside).check(from, version === 4 ? 'ipv4' : 'ipv6');
}

function listOf(inside: readonly string[]): BlockList {
  const key = inside.join(' ');
  const known = lists.get(key);
  if (known) return known;
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
  for (const text of inside) {
    const network = readNetwork(text);
    if (network) list.addSubnet(network.address, network.bits, network.family);
  }
  if (lists.size >= maxLists) lists.clear();
  lists.set(key, list);
  return list;
}

export const isDemanded = (rule: SecondRule, roles: readonly Role[], from: string): boolean =>
  roles.some((role) => rule.roles.includes(role)) || isOffSite(rule, from);

export async function secondRule(db: Kysely<Tables>): Promise<SecondRule> {
  const row = await db.selectFrom('unit').select(['second_roles', 'inside']).executeTakeFirst();
  return row ? { roles: row.second_roles, inside: row.inside } : noRule;
}

/** Takes the present one and puts the new one in its place; returns the one before. */
export async function setSecondRule(
  trx: Transaction<Tables>,
  _grant: Grant<'unit.configure'>,
  rule: SecondRule,
): Promise<SecondRule> {
  const before = await secondRule(trx);
  await trx
    .updateTable('unit')
    .set({ second_roles: [...new Set(rule.roles)], inside: [...new Set(rule.inside)] })
    .execute();
  return before;
}
