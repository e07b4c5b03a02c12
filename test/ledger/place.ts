/** A ledger of its own for a test: a real database, a folder, and a superuser who does what nobody should. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { noLog, systemClock } from '../../src/base/index.ts';
import { append, LedgerFiles, type LedgerTree, openLedgerTree, system } from '../../src/ledger/index.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

export interface Place extends AsyncDisposable {
  readonly db: TestDatabase;
  readonly dir: string;
  readonly files: LedgerFiles;
  open(): Promise<LedgerTree>;
}

export async function place(): Promise<Place> {
  const db = await testDatabase();
  const home = mkdtempSync(join(tmpdir(), 'custos-ledger-'));
  const dir = join(home, 'ledger');
  return {
    ...{ db, dir, files: new LedgerFiles(dir) },
    open: () => openLedgerTree({ db, dir, keysDir: join(home, 'keys'), clock: systemClock, log: noLog }),
    async [Symbol.asyncDispose]() {
      await db[Symbol.asyncDispose]();
      rmSync(home, { recursive: true });
    },
  };
}

export async function add({ db }: Pick<Place, 'db'>, from: number, to: number): Promise<void> {
  await db.kysely.transaction().execute(async (trx) => {
    for (let i = from; i < to; i++) {
      const subject = { kind: 'camera', id: `cam_${i}`, name: '南门' };
      await append(trx, {
        ...{ atMs: Date.UTC(2026, 10, 22) + i, actor: system, action: 'camera.configure' },
        ...{ outcome: 'done', subject, detail: { i, words: ['é', null] } },
      });
    }
  });
}

export async function asSuperuser({ db }: Pick<Place, 'db'>, ...statements: string[]): Promise<void> {
  const client = new pg.Client(db.connect);
  await client.connect();
  await client.query('set session_replication_role = replica');
  // In one transaction: the sequencer must not come between two of them.
  try {
    await client.query('begin');
    for (const one of statements) await client.query(one);
    await client.query('commit');
  } finally {
    await client.end();
  }
}
