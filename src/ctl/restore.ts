/**
 * `custos restore DIR`: a backup into a DATA that has no database yet. Every byte is held against the backup's own
 * list, the database is started once and the ledger examined. Footage that lies there stays, and the next start finds
 * what is newer than the backup.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { z } from 'zod';
import { Fault, noLog, systemClock } from '../base/index.ts';
import { openDatabase } from '../db/index.ts';
import { append, type Examination, examineLedger, LedgerFiles, system } from '../ledger/index.ts';
import { type BackedUpFile, copyWithDigest, type Manifest, manifestName, readFolder } from './backup.ts';
import { type Both, type Command, readArguments } from './command.ts';
import { showProgress } from './progress.ts';

export const restore: Command = {
  does: {
    en: 'Brings a backup from DIR into an empty DATA, checks every byte of it and the ledger. Footage that lies in DATA stays.',
    zh: '将 DIR 中的备份恢复到空的 DATA，逐字节核对，并核验存证账本。DATA 中已有的录像保留不动。',
  },
  run: async (args, terminal) => {
    const { folder, rest } = readFolder('restore', args);
    const { settings, isJson } = readArguments(rest, terminal);
    if (settings.databaseUrl)
      throw new Fault('a backup is restored into the database of DATA itself: leave DATABASE_URL out');
    const progress = showProgress({
      isShown: !isJson && process.stderr.isTTY === true,
      clock: systemClock,
      terminal,
    });
    const restored = await restoreFrom({
      ...{ from: folder, dataDir: settings.data },
      at: (done, of) => progress.at(done, of),
    });
    progress.end();
    const isGood = restored.ledger.findings.length === 0;
    if (isJson) process.stdout.write(`${JSON.stringify({ good: isGood, ...restored })}\n`);
    else for (const says of summary(restored)) process.stdout.write(`${says[terminal.language]}\n`);
    return isGood ? 0 : 1;
  },
};

export interface Restored {
  /** When the backup was taken. */
  readonly at: string;
  readonly files: number;
  readonly segments: number;
  readonly footageKeys: boolean;
  readonly ledger: Examination;
}

function summary({ at, files, segments, footageKeys, ledger }: Restored): Both[] {
  const isGood = ledger.findings.length === 0;
  const done = {
    en: `✔ ${files} files of ${at}, ${segments} segments in the index.`,
    zh: `✔ 已恢复 ${at} 的备份：${files} 个文件，索引中有 ${segments} 个录像段。`,
  };
  const signed = isGood
    ? {
        en: `✔ The ledger is as it was signed (${ledger.leaves} leaves).`,
        zh: `✔ 存证账本与签名时一致（${ledger.leaves} 个叶节点）。`,
      }
    : {
        en: '✖ The ledger is not as it was signed: custos fsck --ledger names where.',
        zh: '✖ 存证账本与签名时不一致，请运行 custos fsck --ledger 查明。',
      };
  const keys = footageKeys
    ? { en: 'The keys of the footage were restored.', zh: '录像密钥已恢复。' }
    : {
        en: 'The keys of the footage were not in the backup: put DATA/keys/footage back if you have it, else the footage cannot be read.',
        zh: '备份中不含录像密钥：如另有保存，请放回 DATA/keys/footage，否则录像无法读取。',
      };
  return [done, signed, keys];
}

const manifestShape = z.object({
  format: z.literal(1),
  software: z.string().max(100),
  at: z.string().max(40),
  footageKeys: z.boolean(),
  files: z
    .array(
      z.object({
        path: z.string().min(1).max(1_000),
        bytes: z.number().int().min(0),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(5_000_000),
});

export async function restoreFrom(of: {
  from: string;
  dataDir: string;
  at?(doneBytes: number, ofBytes: number): void;
}): Promise<Restored> {
  const manifest = await readManifest(of.from);
  checkEmpty(of.dataDir);
  await mkdir(of.dataDir, { recursive: true, mode: 0o700 });
  const staged = join(of.dataDir, 'restore.new');
  await rm(staged, { recursive: true, force: true });
  try {
    await copyAll(of, manifest, staged);
    await putInPlace(staged, of.dataDir);
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw error;
  }
  return proven(of.dataDir, manifest);
}

async function readManifest(from: string): Promise<Manifest> {
  const path = join(from, manifestName);
  if (!existsSync(path)) throw new Fault(`${from} is no whole backup: ${manifestName} is missing`);
  const parsed = manifestShape.safeParse(asJson(await readFile(path, 'utf8')));
  if (!parsed.success) throw new Fault(`${path} is not the list of a backup that this Custos knows`);
  const strange = parsed.data.files.find(
    ({ path: name }) => normalize(name) !== name || !/^(pg|ledger|keys)\//.test(name) || name.includes('..'),
  );
  if (strange) throw new Fault(`${path} names a file that no backup has: ${strange.path}`);
  return parsed.data;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Refused by its shape, like anything else that is none.
  }
}

/** Whatever a living system has written there stands; footage and its keys may be there. */
function checkEmpty(dataDir: string): void {
  const taken = ['pg', 'ledger', join('keys', 'ledger.key')].find((name) => existsSync(join(dataDir, name)));
  if (taken)
    throw new Fault(`${join(dataDir, taken)} is there already: a backup is restored into an empty DATA only`);
}

async function copyAll(
  of: { from: string; at?(done: number, all: number): void },
  manifest: Manifest,
  staged: string,
): Promise<void> {
  const allBytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  let doneBytes = 0;
  // Empty folders are not in the list, and PostgreSQL wants them.
  for (const name of emptyFolders) await mkdir(join(staged, 'pg', name), { recursive: true, mode: 0o700 });
  for (const file of manifest.files) {
    const copied = await copyWithDigest(join(of.from, file.path), join(staged, file.path), staged);
    if (!copied || !isSame(copied, file))
      throw new Fault(`${join(of.from, file.path)} ${copied ? 'is not what was backed up' : 'is missing'}`);
    doneBytes += file.bytes;
    of.at?.(doneBytes, allBytes);
  }
}

const emptyFolders = [
  ...[
    'pg_commit_ts',
    'pg_dynshmem',
    'pg_logical/mappings',
    'pg_logical/snapshots',
    'pg_notify',
    'pg_replslot',
  ],
  ...['pg_serial', 'pg_snapshots', 'pg_stat', 'pg_stat_tmp', 'pg_subtrans', 'pg_tblspc', 'pg_twophase'],
  ...['pg_wal/archive_status', 'pg_wal/summaries'],
];

const isSame = (a: BackedUpFile, b: BackedUpFile): boolean => a.bytes === b.bytes && a.sha256 === b.sha256;

/** The database last: what is interrupted before has none, and is restored again. */
async function putInPlace(staged: string, dataDir: string): Promise<void> {
  await mkdir(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  const keys = await readdir(join(staged, 'keys'));
  for (const name of keys) {
    const to = join(dataDir, 'keys', name);
    if (name === 'footage' && existsSync(to)) continue; // Keys that are there know what was destroyed since.
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await rename(join(staged, 'keys', name), to);
  }
  await rename(join(staged, 'ledger'), join(dataDir, 'ledger'));
  await rename(join(staged, 'pg'), join(dataDir, 'pg'));
  await rm(staged, { recursive: true, force: true });
}

/** Starts it once, says in the ledger that from here on it continues a backup, and examines what it says. */
async function proven(dataDir: string, manifest: Manifest): Promise<Restored> {
  await using db = await openDatabase({ dataDir, log: noLog, clock: systemClock });
  await db.kysely.transaction().execute((trx) =>
    append(trx, {
      ...{ atMs: systemClock.wallMs(), actor: system, action: 'backup.restore', outcome: 'done' },
      ...{ subject: { kind: 'system' }, detail: { takenAt: manifest.at, files: manifest.files.length } },
    }),
  );
  const ledger = await examineLedger({ db: db.kysely, files: new LedgerFiles(join(dataDir, 'ledger')) });
  const { segments } = await db.kysely
    .selectFrom('segment')
    .select(({ fn }) => fn.countAll<number>().as('segments'))
    .executeTakeFirstOrThrow();
  return {
    at: manifest.at,
    files: manifest.files.length,
    segments,
    footageKeys: manifest.footageKeys,
    ledger,
  };
}
