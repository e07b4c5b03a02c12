/**
 * The imports that are under way: a file is read and checked while its person sees how far it is, waits for their word,
 * and is then written. They stand in memory alone: one that a restart ends has changed nothing and is given again.
 */
import { type Clock, type Log, newId, Refusal, refuse, type SecretBox, sayError } from '../base/index.ts';
import type { imports } from '../contract/index.ts';
import type { Database } from '../db/index.ts';
import { change, type Grant, note } from '../gate/index.ts';
import { type ImportPlan, type ImportWish, planImport } from './import-plan.ts';
import { findHead, type ImportRow, readRow } from './import-row.ts';
import { PlanChanged, writeImport } from './import-write.ts';
import type { CameraRegister } from './register.ts';
import { maxRows, type Table } from './table.ts';
import { readTable } from './table-read.ts';

export interface ImportDeskOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly box: SecretBox;
  readonly cameras: CameraRegister;
}

export interface ImportFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly siteId: string | null;
  readonly datum: ImportWish['datum'];
  readonly begin: ImportWish['begin'];
}

export interface ImportJob {
  readonly id: string;
  readonly file: string;
  /** Of the person who gave it; nobody else sees it. */
  readonly byId: string | null;
  readonly atMs: number;
  state: (typeof imports.importStates)[number];
  progress: { done: number; of: number };
  rows: number;
  unread: readonly string[];
  plan: ImportPlan | null;
  refusal: { code: string; values: Readonly<Record<string, string | number>> } | null;
  wish: ImportWish | null;
}

/** A file and what was read of it is some tens of megabytes: a few are kept, the oldest that rests goes first. */
const maxJobs = 8;
const maxBusy = 2;
const keptMs = 3_600_000;
const isBusy = ({ state }: ImportJob): boolean =>
  state === 'reading' || state === 'checking' || state === 'writing';

export class ImportDesk implements AsyncDisposable {
  readonly #at: ImportDeskOptions;
  readonly #jobs = new Map<string, ImportJob>();
  readonly #running = new Set<Promise<void>>();
  #isOver = false;

  constructor(options: ImportDeskOptions) {
    this.#at = options;
  }

  /** Begins to read; nothing is changed by it. */
  open(grant: Grant<'camera.configure'>, file: ImportFile): ImportJob {
    this.#makeRoom();
    const job: ImportJob = {
      ...{ id: newId('imp', this.#at.clock.wallMs()), file: file.name, byId: grant.by.personId },
      ...{ atMs: grant.atMs, state: 'reading', progress: { done: 0, of: 0 }, rows: 0, unread: [] },
      ...{ plan: null, refusal: null, wish: null },
    };
    this.#jobs.set(job.id, job);
    this.#run(job, () => this.#read(job, file));
    return job;
  }

  find(id: string, byId: string | null): ImportJob {
    const job = this.#jobs.get(id);
    return job && job.byId === byId ? job : refuse('import.unknown');
  }

  forget(id: string, byId: string | null): void {
    const job = this.find(id, byId);
    if (isBusy(job)) refuse('import.not-ready');
    this.#jobs.delete(job.id);
  }

  /** Begins to write all of it. Refuses a file in which anything is wrong. */
  take(grant: Grant<'camera.configure'>, id: string, reason: string): ImportJob {
    const job = this.find(id, grant.by.personId);
    if (job.state !== 'checked' || !job.wish || !job.plan) return refuse('import.not-ready');
    if (job.plan.wrong > 0) return refuse('import.wrong', { count: job.plan.wrong });
    this.#begin(job, 'writing', job.plan.cameras.length);
    this.#run(job, () => this.#write(job, grant, reason));
    return job;
  }

  async #read(job: ImportJob, file: ImportFile): Promise<void> {
    const table = await readTable(file.bytes, (done, of) => {
      job.progress = { done, of };
    });
    const { rows, unread } = rowsOf(table);
    Object.assign(job, { unread, rows: rows.length });
    this.#begin(job, 'checking', rows.length);
    job.wish = { rows, siteId: file.siteId, datum: file.datum, begin: file.begin };
    const progress = (done: number, of: number) => this.#go(job, done, of);
    job.plan = await planImport(job.wish, { ...this.#planAt(), db: this.#at.db.kysely, progress });
    job.state = 'checked';
  }

  async #write(job: ImportJob, grant: Grant<'camera.configure'>, reason: string): Promise<void> {
    const wish = job.wish as ImportWish;
    const at = { ...this.#planAt(), importId: job.id, file: job.file };
    const progress = (done: number, of: number) => this.#go(job, done, of);
    const written = change(
      this.#at,
      grant,
      (trx) => writeImport(trx, grant, wish, { ...at, progress }),
      ({ plan }) => ({
        subject: null,
        reason: reason || null,
        detail: { import: job.id, ...summary(job, plan) },
      }),
    );
    const { plan, ids } = await written.catch(async (error: unknown) => {
      const code = error instanceof Refusal ? error.code : 'internal.fault';
      await note(this.#at, grant, { subject: null, detail: { import: job.id, file: job.file } }, { code });
      throw error;
    });
    job.plan = plan;
    await this.#at.cameras.imported(plan.siteIds, ids, grant.by.name);
    job.state = 'done';
    // What was read holds passwords.
    job.wish = null;
  }

  #planAt() {
    return { box: this.#at.box, nowMs: this.#at.clock.wallMs() };
  }

  #begin(job: ImportJob, state: ImportJob['state'], of: number): void {
    job.state = state;
    job.progress = { done: 0, of };
  }

  #go(job: ImportJob, done: number, of: number): void {
    if (this.#isOver) throw new Refusal('import.unknown');
    job.progress = { done, of };
  }

  #run(job: ImportJob, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.#failed(job, error))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #failed(job: ImportJob, error: unknown): void {
    if (error instanceof PlanChanged) {
      job.plan = error.plan;
      job.state = 'checked';
    } else if (error instanceof Refusal) {
      job.refusal = { code: error.code, values: error.values };
      job.state = 'refused';
    } else {
      this.#at.log.error(
        { import: job.id, error: sayError(error) },
        'an import failed; nothing of it was written',
      );
      job.state = 'failed';
    }
  }

  #makeRoom(): void {
    const now = this.#at.clock.wallMs();
    for (const [id, job] of this.#jobs)
      if (!isBusy(job) && (this.#jobs.size >= maxJobs || now - job.atMs > keptMs)) this.#jobs.delete(id);
    if ([...this.#jobs.values()].filter(isBusy).length >= maxBusy) refuse('import.busy');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#running);
  }
}

const summary = (job: ImportJob, plan: ImportPlan) => ({
  file: job.file,
  rows: job.rows,
  added: plan.cameras.filter(({ kind }) => kind === 'add').length,
  changed: plan.cameras.filter(({ kind }) => kind === 'change').length,
  same: plan.same,
});

/** Rows below the head, each as what it says; merged cells are a problem of every row that they cover. */
function rowsOf(table: Table): { rows: ImportRow[]; unread: readonly string[] } {
  const head = findHead(table);
  const below = table.rows.filter(({ no }) => no > head.no);
  if (below.length === 0) refuse('import.empty');
  if (below.length > maxRows) refuse('import.too-many', { limit: maxRows });
  const merged = table.merged.filter(({ to }) => to >= head.no);
  const rows = below.map((row) => {
    const read = readRow(row, head, table.since1904);
    const over = merged.find(({ from, to }) => from <= row.no && row.no <= to);
    if (!over) return read;
    const problem = {
      row: row.no,
      column: null,
      letter: null,
      code: 'merged',
      values: { range: over.range },
    } as const;
    return { ...read, problems: [...read.problems, problem] };
  });
  return { rows, unread: head.unread };
}
