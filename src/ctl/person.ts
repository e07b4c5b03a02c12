/**
 * `custos person NAME --declare --reason TEXT`: the declaration of the set-up once more, for a person whose records ran
 * out while nobody else could write new ones. Whoever holds the machine may do it; the ledger says so.
 */
import { join } from 'node:path';
import { Fault, noLog, openSecretBox, systemClock } from '../base/index.ts';
import { openDatabase } from '../db/index.ts';
import { declareAgain, openGate } from '../gate/index.ts';
import { foundingDays } from '../law/index.ts';
import { type Both, type Command, readArguments, type Terminal, Usage } from './command.ts';
import { isRunning } from './is-running.ts';

const longestReason = 500;

export const person: Command = {
  does: {
    en: `NAME --declare --reason TEXT: lets a person work for ${foundingDays} days whose vetting and training records ran out while nobody else could write new ones.`,
    zh: `姓名 --declare --reason 事由：审查、培训记录已到期且无人可补登时，准许该人员继续工作 ${foundingDays} 天。`,
  },
  run: async (args, terminal) => {
    const { name, reason, rest } = readTask(args);
    return declare(name, reason, rest, terminal);
  },
};

function readTask(args: readonly string[]): { name: string; reason: string; rest: readonly string[] } {
  const rest: string[] = [];
  let isDeclared = false;
  let reason = '';
  let name = '';
  for (let i = 0; i < args.length; i++) {
    const [word = '', inline] = (args[i] as string).split(/=(.*)/s);
    if (word === '--declare') isDeclared = true;
    else if (word === '--reason') reason = (inline ?? args[++i] ?? '').trim();
    else if (name === '' && !word.startsWith('-') && !(args[i - 1] ?? '').startsWith('--')) name = word;
    else rest.push(args[i] as string);
  }
  if (!isDeclared || name === '' || reason === '' || reason.length > longestReason)
    throw new Usage(
      `person NAME --declare --reason "…": who, and why nobody else could write the records (at most ${longestReason} characters).`,
    );
  return { name, reason, rest };
}

async function declare(
  name: string,
  reason: string,
  args: readonly string[],
  terminal: Terminal,
): Promise<0 | 1> {
  const { settings, isJson } = readArguments(args, terminal);
  // Refuses where Custos runs on the folder: it would not hear of it.
  await using db = await openDatabase({
    ...{ dataDir: settings.data, databaseUrl: settings.databaseUrl, log: noLog, clock: systemClock },
  });
  if (await isRunning(db.kysely)) throw new Fault('Custos runs on this database: stop it first');
  const box = await openSecretBox(join(settings.data, 'keys'));
  await using gate = openGate({ db, box, clock: systemClock, log: noLog });
  const until = await declareAgain({ db, clock: systemClock, gate }, name, reason);
  const said: Both =
    until === null
      ? { en: `✖ There is no active person called ${name}.`, zh: `✖ 没有名为 ${name} 的在用账户。` }
      : {
          en: `✔ ${name} may work until ${until}. Bring the records of vetting and training in before then. The ledger says who was let in, and why.`,
          zh: `✔ ${name} 可工作至 ${until}，请在此之前补登审查和培训记录。已写入存证账本。`,
        };
  if (isJson) process.stdout.write(`${JSON.stringify({ good: until !== null, name, until })}\n`);
  else process.stdout.write(`${said[terminal.language]}\n`);
  return until === null ? 1 : 0;
}
