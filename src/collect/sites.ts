/** Sites: the places under the unit. */
import type { Kysely, Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import type { SiteFacts } from '../law/index.ts';
import { type LawfulSite, lawfulSite, lawfulSites } from './lawful.ts';

export interface Site {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly timeZone: string;
  /** Cameras that are not retired. */
  readonly cameras: number;
  readonly law: SiteFacts;
  /** Who decided the class of the place; null: nobody has. */
  readonly decided: { readonly atMs: number; readonly by: string; readonly why: string } | null;
}

export interface SiteFields {
  readonly name: string;
  readonly address: string;
  readonly timeZone: string;
}

/** More sites are on no list of one unit. */
const maxSites = 2_000;

export async function listSites(db: Kysely<Tables>): Promise<Site[]> {
  const rows = await selectSites(db).orderBy('site.name').limit(maxSites).execute();
  const law = await lawfulSites(db);
  return rows.map((row) => asSite(row, law.get(row.id)!));
}

export async function findSite(db: Kysely<Tables>, id: string): Promise<Site> {
  const row = await selectSites(db).where('site.id', '=', id).executeTakeFirst();
  const law = row && (await lawfulSite(db, id));
  return row && law ? asSite(row, law) : refuse('site.unknown');
}

export async function addSite(
  trx: Transaction<Tables>,
  grant: Grant<'site.configure'>,
  fields: SiteFields,
): Promise<string> {
  checkTimeZone(fields.timeZone);
  const id = newId('site', grant.atMs);
  await orNameTaken(fields.name, () =>
    trx
      .insertInto('site')
      .values({
        id,
        name: fields.name,
        name_folded: foldName(fields.name),
        address: fields.address,
        time_zone: fields.timeZone,
        created: new Date(grant.atMs),
      })
      .execute(),
  );
  return id;
}

/** Changes the site that the grant is for. */
export async function changeSite(
  trx: Transaction<Tables>,
  grant: Grant<'site.configure'>,
  fields: { name?: string | undefined; address?: string | undefined; timeZone?: string | undefined },
): Promise<void> {
  if (fields.timeZone !== undefined) checkTimeZone(fields.timeZone);
  const set = {
    ...(fields.name === undefined ? {} : { name: fields.name, name_folded: foldName(fields.name) }),
    ...(fields.address === undefined ? {} : { address: fields.address }),
    ...(fields.timeZone === undefined ? {} : { time_zone: fields.timeZone }),
  };
  if (Object.keys(set).length === 0) return;
  const { id = '' } = grant.subject;
  const done = await orNameTaken(fields.name ?? '', () =>
    trx.updateTable('site').set(set).where('id', '=', id).returning('id').executeTakeFirst(),
  );
  if (!done) refuse('site.unknown');
}

/** Names that differ by case or width alone are one name. */
export const foldName = (name: string): string => name.normalize('NFKC').toLowerCase();

const selectSites = (db: Kysely<Tables>) =>
  db
    .selectFrom('site')
    .select(['site.id', 'site.name', 'site.address', 'site.time_zone'])
    .select(['site.class_decided', 'site.class_by', 'site.class_why'])
    .select((select) =>
      select
        .selectFrom('camera')
        .whereRef('camera.site_id', '=', 'site.id')
        .where('camera.retired_at', 'is', null)
        .select((count) => count.fn.countAll<number>().as('count'))
        .as('cameras'),
    );

interface Row {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly time_zone: string;
  readonly cameras: number | null;
  readonly class_decided: Date | null;
  readonly class_by: string | null;
  readonly class_why: string;
}

function asSite(row: Row, { facts: law }: LawfulSite): Site {
  return {
    id: row.id,
    name: row.name,
    address: row.address,
    timeZone: row.time_zone,
    cameras: row.cameras ?? 0,
    law,
    decided:
      row.class_decided === null
        ? null
        : { atMs: row.class_decided.getTime(), by: row.class_by ?? '', why: row.class_why },
  };
}

async function orNameTaken<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (brokenConstraint(error) === 'site_name_folded_key') refuse('site.name-taken', { name });
    throw error;
  }
}

function checkTimeZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    refuse('site.time-zone', { zone });
  }
}
