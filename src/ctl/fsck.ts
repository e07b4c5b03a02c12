/**
 * `custos fsck`: is what is kept what was kept? `--ledger`: the ledger against what was signed. `--depth`: the footage
 * against its index. `--rebuild`: the index anew from the footage alone. Beside a running Custos, or alone.
 */
import { join } from 'node:path';
import { noLog, systemClock } from '../base/index.ts';
import { openBeside } from '../db/index.ts';
import { type Examination, examineLedger, type Finding, LedgerFiles } from '../ledger/index.ts';
import { type Both, type Command, readArguments, type Terminal, Usage } from './command.ts';
import { type Depth, depths } from './examine-footage.ts';
import { fsckFootage } from './fsck-footage.ts';
import { fsckRebuild } from './fsck-rebuild.ts';
import { showProgress } from './progress.ts';

export const fsck: Command = {
  does: {
    en: 'Examines what is kept. --depth present|size|digest: the footage against its index; --rebuild: the index anew from the footage; --ledger: every entry against its leaf, tile and signed checkpoint.',
    zh: '检查已保存的数据。--depth present|size|digest：将录像文件与索引核对；--rebuild：仅凭录像文件重建索引；--ledger：将每条记录与其叶节点、树片和已签名的检查点逐一核对。',
  },
  run: async (args, terminal) => {
    const { asked, rest } = readTask(args);
    if (asked.task === 'rebuild') return fsckRebuild(rest, terminal, asked);
    if (asked.task === 'footage') return fsckFootage(rest, terminal, asked);
    return fsckLedger(rest, terminal);
  },
};

type Asked =
  | { readonly task: 'ledger' }
  | { readonly task: 'rebuild'; readonly volumes: readonly string[]; readonly buckets: readonly string[] }
  | { readonly task: 'footage'; readonly depth: Depth; readonly isFast: boolean };

/** What is to be done, and what is left of the arguments: those that `npm start` knows too. */
function readTask(args: readonly string[]): { asked: Asked; rest: readonly string[] } {
  const rest: string[] = [];
  const volumes: string[] = [];
  const buckets: string[] = [];
  const flags = new Set<string>();
  let depth: Depth | null = null;
  for (let i = 0; i < args.length; i++) {
    const [name = '', inline] = (args[i] as string).split(/=(.*)/s);
    const value = () => inline ?? args[++i] ?? '';
    if (name === '--depth') depth = readDepth(value());
    else if (name === '--volume') volumes.push(value());
    else if (name === '--bucket') buckets.push(value());
    else if (name === '--ledger' || name === '--rebuild' || name === '--fast') flags.add(name);
    else rest.push(args[i] as string);
  }
  const tasks = [depth !== null, flags.has('--ledger'), flags.has('--rebuild')].filter(Boolean).length;
  if (tasks !== 1) throw new Usage(`fsck needs one of --depth ${depths.join('|')}, --rebuild or --ledger.`);
  if (depth !== null) return { asked: { task: 'footage', depth, isFast: flags.has('--fast') }, rest };
  return { asked: flags.has('--rebuild') ? { task: 'rebuild', volumes, buckets } : { task: 'ledger' }, rest };
}

function readDepth(given: string): Depth {
  const depth = depths.find((one) => one === given);
  if (!depth) throw new Usage(`--depth is one of ${depths.join(', ')}.`);
  return depth;
}

async function fsckLedger(args: readonly string[], terminal: Terminal): Promise<0 | 1> {
  const { settings, isJson } = readArguments(args, terminal);
  await using db = await openBeside({
    dataDir: settings.data,
    databaseUrl: settings.databaseUrl,
    log: noLog,
    clock: systemClock,
  });
  const files = new LedgerFiles(join(settings.data, 'ledger'));
  const progress = showProgress({
    isShown: !isJson && process.stderr.isTTY === true,
    clock: systemClock,
    terminal,
  });
  const seen = await examineLedger({
    ...{ db: db.kysely, files, progress: (done, of) => progress.at(done, of) },
  });
  progress.end();
  const isGood = seen.findings.length === 0;
  if (isJson) process.stdout.write(`${JSON.stringify({ good: isGood, ...seen })}\n`);
  else
    for (const says of [summary(seen), ...firstWrong(seen), ...seen.findings.map(sentence), ...notes(seen)]) {
      process.stdout.write(`${says[terminal.language]}\n`);
    }
  return isGood ? 0 : 1;
}

function summary({ entries, leaves, checkpoints, signed, waiting, findings }: Examination): Both {
  return findings.length === 0
    ? {
        en: `✔ ${entries} entries, ${leaves} leaves (${signed} under ${checkpoints} signed checkpoints), ${waiting} waiting: all as it was signed.`,
        zh: `✔ 共 ${entries} 条记录、${leaves} 个叶节点（其中 ${signed} 个由 ${checkpoints} 个已签名检查点覆盖），${waiting} 条待纳入：与签名时一致。`,
      }
    : {
        en: `✖ ${entries} entries, ${leaves} leaves, ${checkpoints} checkpoints: not as it was signed.`,
        zh: `✖ 共 ${entries} 条记录、${leaves} 个叶节点、${checkpoints} 个检查点：与签名时不一致。`,
      };
}

/** What whoever looks wants to know before anything else. */
function firstWrong({ first }: Examination): Both[] {
  if (first === null) return [];
  const { from, to, seq } = first;
  if (from !== to)
    return [
      {
        en: `The first wrong entry is one of leaves ${from} to ${to}: what was signed before is right.`,
        zh: `首条不符的记录位于叶节点 ${from} 至 ${to} 之间，此前签名的内容均一致。`,
      },
    ];
  return [
    {
      en: `The first wrong entry: ${seq === null ? '' : `${seq}, `}leaf ${from}.`,
      zh: `首条不符的记录：${seq === null ? '' : `${seq}，`}叶节点 ${from}。`,
    },
  ];
}

function notes({ backdated: { count, firstSeq } }: Examination): Both[] {
  if (count === 0) return [];
  return [
    {
      en: `! ${count} entries bear a time more than an hour before one ahead of them, from entry ${firstSeq} on: the clock was set back, or they were written later than they say.`,
      zh: `！有 ${count} 条记录的时间比其前面的记录早一小时以上（自记录 ${firstSeq} 起）：系统时钟曾被调回，或记录的写入晚于其所标时间。`,
    },
  ];
}

const whats: Record<Finding['what'], Both> = {
  edited: { en: 'was edited', zh: '已被修改' },
  deleted: { en: 'was deleted', zh: '已被删除' },
  reordered: { en: 'stands in another place', zh: '次序已被改动' },
  inserted: { en: 'was inserted', zh: '系事后插入' },
  loose: {
    en: 'is in no tree although later ones are: it was put in beside Custos',
    zh: '未纳入存证树，而更晚的记录已纳入：系绕过系统写入',
  },
  tile: { en: 'is missing or contradicts the signed tree', zh: '缺失或与已签名的树不符' },
  checkpoint: { en: 'is not rightly signed, or is of another history', zh: '签名无效或属于另一份历史' },
};

function sentence({ what, leaf, seq, where }: Finding): Both {
  if (what === 'tile' || what === 'checkpoint') {
    const size = leaf === null ? '' : ` (${leaf})`;
    return { en: `✖ ${where}${size} ${whats[what].en}.`, zh: `✖ ${where}${size} ${whats[what].zh}。` };
  }
  const name =
    leaf === null
      ? { en: `entry ${seq}`, zh: `记录 ${seq}` }
      : seq === null
        ? { en: `leaf ${leaf}`, zh: `叶节点 ${leaf}` }
        : { en: `entry ${seq} (leaf ${leaf})`, zh: `记录 ${seq}（叶节点 ${leaf}）` };
  const place = where === null ? { en: '', zh: '' } : { en: `: ${where}`, zh: `：${where}` };
  return {
    en: `✖ ${name.en} ${whats[what].en}${place.en}.`,
    zh: `✖ ${name.zh}${whats[what].zh}${place.zh}。`,
  };
}
