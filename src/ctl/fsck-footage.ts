/** `custos fsck --depth …`: the footage against its index, said in sentences, with progress on a terminal. */
import { setPriority } from 'node:os';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { noLog, openSecretBox, systemClock } from '../base/index.ts';
import { openBeside, type Tables } from '../db/index.ts';
import { knowBucket } from '../engine/bucket/index.ts';
import { ringThere } from '../engine/index.ts';
import { noKeys } from '../engine/keys/index.ts';
import { ringFolder, ringState } from '../one-key-ring.ts';
import { openKeysThere } from '../parts.ts';
import { bucketAccesses, lostRingSpans } from '../store/index.ts';
import { type Both, readArguments, type Terminal } from './command.ts';
import {
  type Depth,
  type ExamineAt,
  examineFootage,
  type FootageFinding,
  type FootageSeen,
} from './examine-footage.ts';
import { isRunning, lastAlive } from './is-running.ts';
import { paceOf } from './pace.ts';
import { showProgress } from './progress.ts';

/** Beside a running Custos: recording comes first. */
const shareBeside = 0.4;
const nicest = 19;
/** A file begun this shortly before the newest row may have none yet: the next start takes it up. */
const marginMs = 20 * 60_000;
/** More findings are one finding: the list of all is in --json, which is written as it comes. */
const maxNamed = 10_000;

export async function fsckFootage(
  args: readonly string[],
  terminal: Terminal,
  { depth, isFast }: { depth: Depth; isFast: boolean },
): Promise<0 | 1> {
  const { settings, isJson } = readArguments(args, terminal);
  await using db = await openBeside({
    ...{ dataDir: settings.data, databaseUrl: settings.databaseUrl, log: noLog, clock: systemClock },
  });
  const isBeside = await isRunning(db.kysely);
  if (isBeside && !isFast) setPriority(nicest);
  await knowBuckets(db.kysely, join(settings.data, 'keys'));
  const progress = showProgress({
    isShown: !isJson && process.stderr.isTTY === true,
    clock: systemClock,
    terminal,
  });
  const findings: FootageFinding[] = [];
  const found = (finding: FootageFinding) => {
    if (isJson && findings.length < maxNamed) findings.push(finding);
    else if (!isJson) progress.say(sentenceOf(finding)[terminal.language]);
  };
  const keysDir = join(settings.data, 'keys');
  const seen = await examineFootage({
    db: db.kysely,
    clock: systemClock,
    depth,
    // Beside a missing ring nothing opens, and none is made.
    keys: depth === 'digest' ? ((await openKeysThere(settings, keysDir, systemClock)) ?? noKeys) : null,
    ring: depth === 'digest' ? await ringAt(db.kysely, keysDir) : null,
    pace: paceOf(systemClock, isBeside && !isFast ? shareBeside : 1),
    freshFromMs: ((await lastAlive(db.kysely))?.alive.getTime() ?? Number.POSITIVE_INFINITY) - marginMs,
    found,
    progress: (now, total) =>
      depth === 'digest' ? progress.at(now.bytes, total.bytes) : progress.at(now.segments, total.segments),
  });
  progress.end();
  const isGood = seen.findings === 0;
  if (isJson) process.stdout.write(`${JSON.stringify({ good: isGood, depth, ...seen, findings })}\n`);
  else process.stdout.write(`${summaryOf(seen, depth)[terminal.language]}\n`);
  return isGood ? 0 : 1;
}

/** What the examination must know of the key ring: is it the right one, and which times were sealed under another? */
async function ringAt(db: Kysely<Tables>, keysDir: string): Promise<NonNullable<ExamineAt['ring']>> {
  const path = ringFolder(keysDir);
  const there = await ringThere(path);
  const state = await ringState(db, there);
  const wrong = state === 'missing' || state === 'foreign' ? state : null;
  return { path, wrong, there, lost: await lostRingSpans(db) };
}

/** Segments that were moved are read where they are; a bucket whose secret cannot be opened is named as a volume. */
export async function knowBuckets(
  db: Parameters<typeof bucketAccesses>[0]['db'],
  keysDir: string,
): Promise<void> {
  const hasBucket = await db.selectFrom('bucket').select('volume_id').limit(1).executeTakeFirst();
  if (!hasBucket) return;
  const box = await openSecretBox(keysDir);
  for (const [id, access] of await bucketAccesses({ db, box })) knowBucket(id, access);
}

/** One finding in words, with the file that it is about, and what that is kept as. */
export function sentenceOf(finding: FootageFinding): Both {
  const { en, zh } = findingOf(finding);
  const kept = keptAs[finding.class ?? 'ordinary'];
  return { en: `${en}${kept.en}`, zh: `${zh}${kept.zh}` };
}

const keptAs: Record<NonNullable<FootageFinding['class']>, Both> = {
  ordinary: { en: '', zh: '' },
  evidence: { en: ' It is held as evidence.', zh: '该录像段已作为证据封存。' },
  important: { en: ' It is marked as of important value.', zh: '该录像段已标记为重要价值。' },
  alarm: { en: ' It is the record of an alarm.', zh: '该录像段为报警记录。' },
};

function findingOf(finding: FootageFinding): Both {
  const { path } = finding;
  switch (finding.what) {
    case 'missing':
      return { en: `✖ ${path}: missing.`, zh: `✖ ${path}：文件缺失。` };
    case 'short':
    case 'long': {
      const { bytes, wanted } = finding;
      const than = finding.what === 'short' ? { en: 'shorter', zh: '小' } : { en: 'longer', zh: '大' };
      return {
        en: `✖ ${path}: ${than.en} than it was (${bytes} of ${wanted} bytes).`,
        zh: `✖ ${path}：文件比原来${than.zh}（现 ${bytes} 字节，应为 ${wanted} 字节）。`,
      };
    }
    case 'digest': {
      const where = finding.where.slice(0, 3).join('; ');
      return {
        en: `✖ ${path}: not what was stored, the digest differs${where ? ` (${where})` : ''}.`,
        zh: `✖ ${path}：内容与存入时不同，摘要不符${where ? `（${where}）` : ''}。`,
      };
    }
    case 'sealed':
      return {
        en: `✖ ${path}: cannot be proven to be what was sealed (${finding.why}).`,
        zh: `✖ ${path}：无法证明与封存时一致（${finding.why}）。`,
      };
    case 'unreadable':
      return {
        en: `✖ ${path}: cannot be read (${finding.why}).`,
        zh: `✖ ${path}：无法读取（${finding.why}）。`,
      };
    case 'unknown':
      return {
        en: `✖ ${path}: a segment that is not in the index.`,
        zh: `✖ ${path}：录像段文件不在索引中。`,
      };
    case 'double':
      return {
        en: `✖ ${path}: has the id ${finding.segment}, which belongs to ${finding.other}.`,
        zh: `✖ ${path}：编号 ${finding.segment} 已属于 ${finding.other}。`,
      };
    case 'foreign':
      return {
        en: `✖ ${path}: not a file of Custos; it is left alone.`,
        zh: `✖ ${path}：不是 Custos 的文件，不作处理。`,
      };
    case 'ring':
    case 'keyless':
      return keyFinding(finding);
    case 'volume':
      return {
        en: `✖ ${path}: cannot be looked into (${finding.why}).`,
        zh: `✖ ${path}：无法查看（${finding.why}）。`,
      };
  }
}

function keyFinding(finding: Extract<FootageFinding, { what: 'ring' | 'keyless' }>): Both {
  const { path } = finding;
  if (finding.what === 'ring')
    return finding.why === 'missing'
      ? {
          en: `✖ ${path}: the key ring is missing; without it no footage can be read.`,
          zh: `✖ ${path}：密钥库缺失，没有它任何录像都无法读取。`,
        }
      : {
          en: `✖ ${path}: is not the key ring under which the footage is sealed; no footage can be read with it.`,
          zh: `✖ ${path}：不是加密这些录像所用的密钥库，无法用它读取录像。`,
        };
  const why = {
    destroyed: { en: 'their key was destroyed', zh: '密钥已销毁' },
    'other-ring': { en: 'they were sealed under a key ring that is lost', zh: '其所用的密钥库已丢失' },
    missing: { en: 'their key is not in the key ring', zh: '密钥库中没有其密钥' },
  }[finding.why];
  return {
    en: `✖ ${path}: ${finding.segments} segments cannot be read, ${why.en}.`,
    zh: `✖ ${path}：${finding.segments} 个录像段无法读取，${why.zh}。`,
  };
}

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

function summaryOf({ segments, findings, fresh, moving, bytes }: FootageSeen, depth: Depth): Both {
  const read =
    depth === 'digest' ? { en: `, ${mb(bytes)} read`, zh: `，已读取 ${mb(bytes)}` } : { en: '', zh: '' };
  const none = { en: '', zh: '' };
  const young =
    fresh > 0
      ? { en: `; ${fresh} files are so new that they have no row yet`, zh: `；${fresh} 个新文件尚未入索引` }
      : none;
  const onTheWay =
    moving > 0
      ? { en: `; ${moving} are on their way into a bucket`, zh: `；${moving} 个正在移入对象存储` }
      : none;
  const waiting = { en: young.en + onTheWay.en, zh: young.zh + onTheWay.zh };
  return findings === 0
    ? {
        en: `✔ ${segments} segments: all as the index says${read.en}${waiting.en}.`,
        zh: `✔ 共 ${segments} 个录像段，与索引一致${read.zh}${waiting.zh}。`,
      }
    : {
        en: `✖ ${segments} segments examined, ${findings} findings${read.en}${waiting.en}.`,
        zh: `✖ 已检查 ${segments} 个录像段，发现 ${findings} 个问题${read.zh}${waiting.zh}。`,
      };
}
