/** `custos fsck --rebuild`: the index of footage made anew from the volumes alone, while Custos does not run. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Fault, noLog, openSecretBox, rfc3339, systemClock } from '../base/index.ts';
import { openDatabase } from '../db/index.ts';
import { knownBuckets } from '../engine/bucket/index.ts';
import type { Volume } from '../engine/index.ts';
import { noKeys } from '../engine/keys/index.ts';
import { markName } from '../engine/segment/index.ts';
import { append, LedgerFiles, system } from '../ledger/index.ts';
import { lostLeaves } from '../one-history.ts';
import { openKeysThere } from '../parts.ts';
import { type Adopted, Adoption, adoptBucket, adoptVolume } from '../store/index.ts';
import { readBucketFile } from './bucket-file.ts';
import { type Both, readArguments, type Terminal } from './command.ts';
import { examineFootage, type FootageFinding } from './examine-footage.ts';
import { knowBuckets, sentenceOf } from './fsck-footage.ts';
import { isRunning } from './is-running.ts';
import { paceOf } from './pace.ts';
import { showProgress } from './progress.ts';
import { readVolumes } from './read-volumes.ts';

const maxNamed = 10_000;

interface Outcome extends Adopted {
  readonly files: number;
  readonly seconds: number;
  readonly unreadable: readonly { path: string; why: string }[];
  readonly findings: readonly FootageFinding[];
  /** Where the ledger went whose entries were lost with their database; null: none was. */
  readonly oldLedger: string | null;
}

export async function fsckRebuild(
  args: readonly string[],
  terminal: Terminal,
  { volumes: folders, buckets }: { readonly volumes: readonly string[]; readonly buckets: readonly string[] },
): Promise<0 | 1> {
  const { settings, isJson } = readArguments(args, terminal);
  await mkdir(settings.data, { recursive: true, mode: 0o700 });
  // Refuses where Custos runs on the folder: two writers of one index would undo each other.
  await using db = await openDatabase({
    ...{ dataDir: settings.data, databaseUrl: settings.databaseUrl, log: noLog, clock: systemClock },
  });
  if (await isRunning(db.kysely)) throw new Fault('Custos runs on this database: stop it first');
  const at = { db, clock: systemClock, log: noLog };
  const oldLedger = await setLedgerAside(db, settings.data);
  const volumes = await volumesOf(db.kysely, [
    join(settings.data, 'footage'),
    ...folders.map((one) => resolve(one)),
  ]);
  const keysDir = join(settings.data, 'keys');
  volumes.push(...(await bucketsOf(db, keysDir, buckets)));
  // A ring that is missing is not made here: the next start asks for the right one.
  const keys = (await openKeysThere(settings, keysDir, systemClock)) ?? noKeys;

  const progress = showProgress({
    isShown: !isJson && process.stderr.isTTY === true,
    clock: systemClock,
    terminal,
  });
  const unreadable: { path: string; why: string }[] = [];
  const beganMs = systemClock.monoMs();
  let files = 0;
  const adoption = new Adoption(at);
  await adoption.begin();
  await readVolumes(volumes, keys, {
    read: async (facts, path) => {
      files++;
      if (!(await adoption.take(facts)))
        unreadable.push({ path, why: `the camera id ${facts.cameraId} is none` });
    },
    failed: (path, why) => {
      files++;
      if (unreadable.length < maxNamed) unreadable.push({ path, why });
    },
    progress: (done, of) => progress.at(done, of),
  });
  const adopted = await adoption.end();
  const findings = await whatIsLeft(db.kysely, new Set(unreadable.map(({ path }) => path)));
  progress.end();
  const seconds = (systemClock.monoMs() - beganMs) / 1000;
  const outcome: Outcome = { ...adopted, files, seconds, unreadable, findings, oldLedger };
  const isGood = unreadable.length === 0 && findings.length === 0 && adopted.refused === 0;
  if (isJson) process.stdout.write(`${JSON.stringify({ good: isGood, ...outcome })}\n`);
  else for (const says of sentencesOf(outcome)) process.stdout.write(`${says[terminal.language]}\n`);
  return isGood ? 0 : 1;
}

type Db = Awaited<ReturnType<typeof openDatabase>>;

/**
 * A ledger whose entries were lost with their database can never be continued: its tiles, its checkpoints and its key
 * are kept as they are, apart, and a new ledger with a key of its own says so in its first entry.
 */
async function setLedgerAside(db: Db, dataDir: string): Promise<string | null> {
  const ledger = join(dataDir, 'ledger');
  const entries = await lostLeaves(db.kysely, ledger);
  if (entries === 0) return null;
  const aside = join(dataDir, `ledger-until-${rfc3339(systemClock.wallMs()).replaceAll(':', '-')}`);
  const checkpoint = await new LedgerFiles(ledger).newest();
  await db.kysely.transaction().execute(async (trx) => {
    await append(trx, {
      ...{ atMs: systemClock.wallMs(), actor: system, action: 'ledger.lost', outcome: 'done' },
      ...{ subject: { kind: 'system' }, detail: { entries, checkpoint: checkpoint ?? '', keptIn: aside } },
    });
  });
  await rename(ledger, aside);
  await rename(join(dataDir, 'keys', 'ledger.key'), join(aside, 'ledger.key'));
  return aside;
}

/** The folders that are named, and those that the index still knows. */
async function volumesOf(db: Db['kysely'], folders: readonly string[]): Promise<Volume[]> {
  const volumes: Volume[] = [];
  for (const [i, path] of folders.entries()) {
    if (!existsSync(path) && i === 0) continue;
    if (!existsSync(path)) throw new Fault(`there is no folder ${path}`);
    const id = (await markedId(path)) ?? (i === 0 ? 'footage' : `footage-${i + 1}`);
    volumes.push(await adoptVolume(db, { path, id, nowMs: systemClock.wallMs() }));
  }
  const known = await db.selectFrom('volume').selectAll().execute();
  for (const row of known.filter((one) => one.kind === 'folder' && one.removed === null))
    if (existsSync(row.path) && !volumes.some(({ id }) => id === row.id))
      volumes.push({ id: row.id, path: row.path });
  return volumes;
}

/** Those that a file says how to reach, and those that the index still knows. */
async function bucketsOf(db: Db, keysDir: string, files: readonly string[]): Promise<Volume[]> {
  if (files.length > 0) await mkdir(keysDir, { recursive: true, mode: 0o700 });
  for (const file of files) {
    const given = await readBucketFile(file);
    await adoptBucket({ db, box: await openSecretBox(keysDir), clock: systemClock }, given);
  }
  await knowBuckets(db.kysely, keysDir);
  const rows = await db.kysely.selectFrom('volume').select(['id', 'path']).execute();
  return rows.filter(({ id }) => knownBuckets().has(id));
}

/** Which volume it was, as its marker says. */
async function markedId(path: string): Promise<string | null> {
  try {
    const { volume } = JSON.parse(await readFile(join(path, markName), 'utf8')) as { volume?: unknown };
    return typeof volume === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(volume) ? volume : null;
  } catch {
    return null; // No marker: made before there were any, or by a hand that copied the footage alone.
  }
}

/** What lies there and is in no row now: a second file of one id, and what is not ours. */
async function whatIsLeft(db: Db['kysely'], named: ReadonlySet<string>): Promise<FootageFinding[]> {
  const findings: FootageFinding[] = [];
  await examineFootage({
    ...{ db, clock: systemClock, depth: 'present', pace: paceOf(systemClock, 1), keys: null },
    freshFromMs: Number.POSITIVE_INFINITY,
    found: (finding) => {
      // One that cannot be read is named with its reason already.
      if (!named.has(finding.path) && findings.length < maxNamed) findings.push(finding);
    },
    progress: () => {},
  });
  return findings;
}

function sentencesOf(outcome: Outcome): Both[] {
  const { files, segments, cameras, gaps, seconds, unreadable, findings, oldLedger } = outcome;
  const rate = Math.round(files / Math.max(seconds, 0.001));
  return [
    ...unreadable.map(({ path, why }) => ({
      en: `✖ ${path}: not taken into the index (${why}).`,
      zh: `✖ ${path}：未能编入索引（${why}）。`,
    })),
    ...findings.map(sentenceOf),
    ...(oldLedger
      ? [
          {
            en: `The entries of the old ledger were lost with their database. What is left of it is kept in ${oldLedger}; a new ledger begins, and its first entry says so.`,
            zh: `旧账本的记录已随数据库丢失，剩余部分保存在 ${oldLedger}；新账本由此开始，其首条记录对此作出说明。`,
          },
        ]
      : []),
    {
      en: `✔ ${segments} segments of ${files} files are in the index (${rate} a second); ${cameras} cameras were known from footage only and stand paused at the site “Found on disk”, with ${gaps} gaps. Closed files were read at their ends: custos fsck --depth digest reads the rest, beside a running Custos.`,
      zh: `✔ ${files} 个文件中的 ${segments} 个录像段已编入索引（每秒 ${rate} 个）；${cameras} 台仅由录像得知的摄像机列于“磁盘恢复”场所，处于暂停状态，缺口 ${gaps} 个。已关闭的文件仅读取首尾：其余内容由 custos fsck --depth digest 核对，可在系统运行时进行。`,
    },
  ];
}
