/**
 * `custos witness`: the witness of somebody else's ledger, run by a third party on a machine of its own. It needs no
 * Custos, no database and no account there: the log's address, the log's key and a folder.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Fault, sayError, systemClock } from '../base/index.ts';
import {
  type Alarm,
  formatVerifierKey,
  httpLog,
  isKeyName,
  lockFolder,
  openWitnessKey,
  parseVerifierKey,
  Witness,
} from '../ledger/index.ts';
import { type Both, type Command, type Terminal, Usage } from './command.ts';

const defaultEveryS = 15;

export const witness: Command = {
  does: {
    en: 'Watches the ledger of another Custos: cosigns what continues, raises the alarm on what was rewritten. --dir DIR --log URL --key KEY [--name NAME] [--every SECONDS] [--once]',
    zh: '见证另一套系统的存证账本：连续一致则联署，历史被改写则报警。--dir 目录 --log 地址 --key 公钥 [--name 名称] [--every 秒] [--once]',
  },
  run: async (args, terminal) => {
    const asked = readAsked(args);
    const say = sayer(terminal, asked.isJson);
    await using _lock = await lockFolder(asked.dir, process.pid, isAlive);
    const key = await openWitnessKey(asked.dir, asked.name);
    say({ key: formatVerifierKey(key) }, keySentence(formatVerifierKey(key)));
    if (asked.log === null) return 0;
    const { url, vkey } = asked.log;
    const log = parseVerifierKey(vkey);
    if (log?.kind !== 'log') throw new Usage('--key is what /ledger/key of the log says: NAME+ID+KEY.');
    const one = await Witness.open({ dir: asked.dir, log, key, clock: systemClock });
    return await watch(one, httpLog(url), { isOnce: asked.isOnce, everyS: asked.everyS, say });
  },
};

type Say = (facts: object, says: Both) => void;

function sayer({ language }: Terminal, isJson: boolean): Say {
  return (facts, says) => {
    process.stdout.write(`${isJson ? JSON.stringify(facts) : says[language]}\n`);
  };
}

interface Asked {
  readonly dir: string;
  readonly name: string;
  /** Null: only the witness's key is asked for. */
  readonly log: { readonly url: string; readonly vkey: string } | null;
  readonly everyS: number;
  readonly isOnce: boolean;
  readonly isJson: boolean;
}

function readAsked(args: readonly string[]): Asked {
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [name = '', inline] = (args[i] as string).split(/=(.*)/s);
    if (name === '--help' || name === '-h') throw new Usage(`custos witness: ${witness.does.en}`, true);
    if (name === '--once' || name === '--json') given.set(name, 'yes');
    else if (['--dir', '--log', '--key', '--name', '--every'].includes(name))
      given.set(name, inline ?? args[++i] ?? '');
    else throw new Usage(`witness does not know ${name}.`);
  }
  const dir = given.get('--dir');
  if (!dir) throw new Usage('witness needs --dir DIR, a folder of its own.');
  const name = given.get('--name') ?? 'custos/witness';
  if (!isKeyName(name)) throw new Usage('--name has no blank and no plus.');
  const everyS = Number(given.get('--every') ?? defaultEveryS);
  if (!Number.isInteger(everyS) || everyS < 1 || everyS > 3_600)
    throw new Usage('--every takes 1 to 3600 seconds.');
  const [url, vkey] = [given.get('--log'), given.get('--key')];
  if ((url === undefined) !== (vkey === undefined))
    throw new Usage('--log URL and --key KEY go together; take the key over a way you trust.');
  const log = url !== undefined && vkey !== undefined ? { url, vkey: vkey.trim() } : null;
  return { dir, name, log, everyS, isOnce: given.has('--once'), isJson: given.has('--json') };
}

/** Ends with 1 on an alarm: whatever keeps the program running hears of it. A log that is away is asked again. */
async function watch(
  one: Witness,
  log: ReturnType<typeof httpLog>,
  how: { isOnce: boolean; everyS: number; say: Say },
): Promise<0 | 1 | 2> {
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.abort());
  let wasBehind = false;
  while (!ending.signal.aborted) {
    try {
      const seen = await one.look(log);
      if ('alarm' in seen) return raise(seen.alarm, how.say);
      if (seen.behind && wasBehind) return raise(await one.raiseShrunk(seen), how.say);
      wasBehind = seen.behind;
      if (seen.behind) how.say({ behind: seen.size, cosigned: seen.before }, behindSentence(seen));
      else {
        how.say({ cosigned: seen.size, before: seen.before }, cosignedSentence(seen));
        await log.send(seen.note);
      }
    } catch (error) {
      if (!(error instanceof Fault && error.retry)) throw error;
      how.say({ away: sayError(error) }, awaySentence(sayError(error)));
      if (how.isOnce) return 2;
    }
    if (how.isOnce && !wasBehind) return 0;
    await wait(how.everyS * 1000, undefined, { signal: ending.signal }).catch(() => undefined);
  }
  return 0;
}

function raise(alarm: Alarm, say: Say): 1 {
  say({ alarm }, alarmSentence(alarm));
  return 1;
}

const keySentence = (key: string): Both => ({
  en: `This witness's key, for the log's --witness-keys: ${key}`,
  zh: `本见证方公钥（填入被见证系统的 --witness-keys）：${key}`,
});

const cosignedSentence = ({ size, before }: { size: number; before: number }): Both => ({
  en: `✔ ${size} entries cosigned, ${size - before} of them new.`,
  zh: `✔ 已联署 ${size} 条记录，其中新增 ${size - before} 条。`,
});

const behindSentence = ({ size, before }: { size: number; before: number }): Both => ({
  en: `! The log shows ${size} entries, and ${before} were cosigned: asked once more.`,
  zh: `！账本显示 ${size} 条记录，而此前已联署 ${before} 条：将再次核对。`,
});

const awaySentence = (why: string): Both => ({
  en: `! Nothing cosigned this time: ${why}.`,
  zh: `！本次未联署：${why}。`,
});

const whats: Record<Alarm['what'], Both> = {
  split: { en: 'The log signed two histories of one length', zh: '账本对同一长度签署了两份不同的历史' },
  shrunk: { en: 'Entries that were cosigned are gone', zh: '已联署的记录被删除' },
  rewritten: { en: 'Entries that were cosigned were rewritten', zh: '已联署的记录被改写' },
  tiles: { en: 'The tiles do not make the tree that was signed', zh: '树片与已签名的树不符' },
};

function alarmSentence({ what, firstLeaf, cosigned, shown, at }: Alarm): Both {
  const first =
    firstLeaf === null
      ? { en: '', zh: '' }
      : { en: ` The first wrong entry is leaf ${firstLeaf}.`, zh: `首条不符的记录为叶节点 ${firstLeaf}。` };
  return {
    en: `✖ ALARM (${at}): ${whats[what].en}.${first.en} Cosigned: ${cosigned} entries; shown now: ${shown}. Nothing is cosigned any more; alarm.json holds both signed notes. Keep the folder as evidence.`,
    zh: `✖ 报警（${at}）：${whats[what].zh}。${first.zh}此前联署 ${cosigned} 条，现显示 ${shown} 条。已停止联署；alarm.json 保存了两份已签名的检查点，请将该目录作为证据保存。`,
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
