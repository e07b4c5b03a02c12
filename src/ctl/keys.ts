/**
 * `custos keys`: is the key ring here the one under which the footage was sealed? `--accept` takes another in its
 * place, for good and on the ledger, while Custos does not run.
 */
import { join } from 'node:path';
import { Fault, noLog, systemClock } from '../base/index.ts';
import { openBeside, openDatabase } from '../db/index.ts';
import { ringThere } from '../engine/index.ts';
import { type RingState, ringFolder, ringState, sayRing } from '../one-key-ring.ts';
import { openKeys } from '../parts.ts';
import { type Accepted, acceptRing } from '../store/index.ts';
import { type Both, type Command, readArguments, type Terminal, Usage } from './command.ts';
import { isRunning } from './is-running.ts';

export const keys: Command = {
  does: {
    en: 'Says whether the key ring here is that of the footage. --accept --reason TEXT: another one from now on, when the old one is lost for good; what was recorded before can never be read again.',
    zh: '核对本机密钥库是否为录像所用的密钥库。--accept --reason 事由：原密钥库确已丢失时启用另一密钥库，此前的录像将永远无法读取。',
  },
  run: async (args, terminal) => {
    const { reason, isAccept, rest } = readTask(args);
    return isAccept ? accept(rest, reason, terminal) : show(rest, terminal);
  },
};

const longestReason = 500;

function readTask(args: readonly string[]): { isAccept: boolean; reason: string; rest: readonly string[] } {
  const rest: string[] = [];
  let isAccept = false;
  let reason = '';
  for (let i = 0; i < args.length; i++) {
    const [name = '', inline] = (args[i] as string).split(/=(.*)/s);
    if (name === '--accept') isAccept = true;
    else if (name === '--reason') reason = (inline ?? args[++i] ?? '').trim();
    else rest.push(args[i] as string);
  }
  if (isAccept && (reason === '' || reason.length > longestReason))
    throw new Usage(
      `keys --accept needs --reason "…", why the old key ring is given up (at most ${longestReason} characters).`,
    );
  return { isAccept, reason, rest };
}

async function show(args: readonly string[], terminal: Terminal): Promise<0 | 1> {
  const { settings, isJson } = readArguments(args, terminal);
  await using db = await openBeside({
    ...{ dataDir: settings.data, databaseUrl: settings.databaseUrl, log: noLog, clock: systemClock },
  });
  const dir = ringFolder(join(settings.data, 'keys'));
  const there = await ringThere(dir);
  const state = await ringState(db.kysely, there);
  const isGood = state !== 'missing' && state !== 'foreign';
  if (isJson) process.stdout.write(`${JSON.stringify({ good: isGood, state, ring: there.id })}\n`);
  else process.stdout.write(`${sayState(state, dir, settings.data)[terminal.language]}\n`);
  return isGood ? 0 : 1;
}

function sayState(state: RingState, dir: string, data: string): Both {
  switch (state) {
    case 'missing':
    case 'foreign': {
      const { en, zh } = sayRing(state, { dir, data });
      return { en: `✖ ${en[0]?.toUpperCase()}${en.slice(1)}.`, zh: `✖ ${zh}。` };
    }
    case 'new':
      return {
        en: `· There is no key ring in ${dir} yet, and no footage: the first start makes it.`,
        zh: `· ${dir} 尚无密钥库，也没有录像：首次启动时生成。`,
      };
    case 'known':
    case 'unnamed':
      return {
        en: `✔ The key ring ${dir} is that of the footage.`,
        zh: `✔ 密钥库 ${dir} 即录像所用的密钥库。`,
      };
  }
}

async function accept(args: readonly string[], reason: string, terminal: Terminal): Promise<0> {
  const { settings, isJson } = readArguments(args, terminal);
  // Refuses where Custos runs on the folder, and on a database that another one uses.
  await using db = await openDatabase({
    ...{ dataDir: settings.data, databaseUrl: settings.databaseUrl, log: noLog, clock: systemClock },
  });
  if (await isRunning(db.kysely)) throw new Fault('Custos runs on this database: stop it first');
  const keysDir = join(settings.data, 'keys');
  const state = await ringState(db.kysely, await ringThere(ringFolder(keysDir)));
  const isOther = state === 'missing' || state === 'foreign';
  const accepted = isOther
    ? await acceptRing(db.kysely, {
        ...{ ring: (await openKeys(settings, keysDir, systemClock)).id, reason },
        nowMs: systemClock.wallMs(),
      })
    : null;
  if (isJson) process.stdout.write(`${JSON.stringify({ good: true, accepted })}\n`);
  else process.stdout.write(`${sayAccepted(accepted)[terminal.language]}\n`);
  return 0;
}

function sayAccepted(accepted: Accepted | null): Both {
  if (accepted === null)
    return {
      en: '✔ The key ring here is that of the footage: there is nothing to accept.',
      zh: '✔ 本机密钥库即录像所用的密钥库，无需启用其他密钥库。',
    };
  const { to, segments } = accepted;
  return {
    en: `✔ The key ring ${to} is used from now on. ${segments} segments in the index were sealed before; those whose keys it does not have can never be read again. The ledger says so.`,
    zh: `✔ 此后使用密钥库 ${to}。索引中此前加密的录像段共 ${segments} 个，密钥库中没有其密钥的将永远无法读取，已写入存证账本。`,
  };
}
