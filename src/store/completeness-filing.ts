/** When a month is over at a site, its completeness report is put on record: the report, and its digest in the ledger. */
import { type Log, sayError } from '../base/index.ts';
import { listSites } from '../collect/index.ts';
import type { Database } from '../db/index.ts';
import { append, canonicalJson, system } from '../ledger/index.ts';
import { type Completeness, completeness, digestOfReport, monthBefore, monthOf } from './completeness.ts';
import type { StoreAt } from './timeline.ts';

/** The first look waits until recording runs; then every quarter of an hour, so that it is done on the first day. */
const firstMs = 60_000;
const everyMs = 15 * 60_000;
/** What was not running at the turn of a month makes up for it; what is older is no longer news. */
const monthsBack = 3;
/** The clocks of cameras and rows that are late are over by then. */
const afterEndMs = 10 * 60_000;

export class CompletenessFiling implements AsyncDisposable {
  readonly #at: StoreAt & { readonly log: Log };
  readonly #timer: NodeJS.Timeout;
  #next: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(at: StoreAt & { readonly log: Log }) {
    this.#at = at;
    const look = () => {
      this.#running = this.#running.then(() => this.#file());
    };
    this.#timer = setTimeout(() => {
      look();
      this.#next = setInterval(look, everyMs).unref();
    }, firstMs).unref();
  }

  async #file(): Promise<void> {
    try {
      await fileWhatIsDue(this.#at);
    } catch (error) {
      this.#at.log.warn(
        { error: sayError(error) },
        'a completeness report could not be put on record; tried again',
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#next) clearInterval(this.#next);
    await this.#running;
  }
}

/** Files each report that is due and not on record yet; says how many. */
export async function fileWhatIsDue(at: StoreAt & { readonly log: Log }): Promise<number> {
  let filed = 0;
  const nowMs = at.clock.wallMs();
  for (const site of await listSites(at.db.kysely)) {
    let month = monthOf(nowMs - afterEndMs, site.timeZone);
    for (let back = 0; back < monthsBack; back++) {
      month = monthBefore(month);
      if ((await filedReport(at.db, site.id, month)) !== null) continue;
      const report = await completeness(at, site.id, month);
      // A site that had no camera in that month has nothing to report.
      if (report.cameras.length > 0 && (await file(at, report))) filed++;
    }
  }
  return filed;
}

async function file(
  { db, clock, log }: StoreAt & { readonly log: Log },
  report: Completeness,
): Promise<boolean> {
  const digest = digestOfReport(report);
  const { site, month, coverage, missingMs } = report;
  const atMs = clock.wallMs();
  const isNew = await db.kysely.transaction().execute(async (trx) => {
    const row = await trx
      .insertInto('completeness')
      .values({
        ...{ site_id: site.id, month, made: new Date(atMs), digest: Buffer.from(digest, 'hex') },
        report: canonicalJson(report),
      })
      .onConflict((conflict) => conflict.columns(['site_id', 'month']).doNothing())
      .returning('site_id')
      .executeTakeFirst();
    if (!row) return false;
    await append(trx, {
      ...{ atMs, actor: system, action: 'completeness.file', outcome: 'done' },
      subject: { kind: 'site', id: site.id, name: site.name },
      detail: { month, digest, coverage, missingMs, cameras: report.cameras.length },
    });
    return true;
  });
  if (isNew) log.info({ site: site.id, month, coverage }, 'a completeness report is on record');
  return isNew;
}

export interface FiledReport {
  readonly made: Date;
  /** SHA-256 of `json`, hex. */
  readonly digest: string;
  /** Canonical JSON. */
  readonly json: string;
}

export async function filedReport(db: Database, siteId: string, month: string): Promise<FiledReport | null> {
  const row = await db.kysely
    .selectFrom('completeness')
    .select(['made', 'digest', 'report'])
    .where('site_id', '=', siteId)
    .where('month', '=', month)
    .executeTakeFirst();
  if (!row) return null;
  return { made: row.made, digest: Buffer.from(row.digest).toString('hex'), json: canonicalJson(row.report) };
}
