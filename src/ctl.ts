/**
 * `npx custos COMMAND …`: what an administrator does beside the console. One row a command; each knows `--json` and
 * ends with 0 (good), 1 (found something) or 2 (could not run).
 */
import { sayError } from './base/index.ts';
import {
  backup,
  type Command,
  doctor,
  fsck,
  keys,
  openapi,
  person,
  restore,
  Usage,
  witness,
} from './ctl/index.ts';

const commands: Record<string, Command> = { doctor, fsck, backup, restore, keys, person, witness, openapi };

const locale = process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '';
const language = locale.startsWith('zh') ? 'zh' : 'en';

// `custos openapi | head` is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));

const [word, ...args] = process.argv.slice(2);
process.exitCode = await run(word, args);

async function run(name: string | undefined, rest: string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(`${overview()}\n`);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    const none = { en: `There is no command ${name}.`, zh: `没有命令 ${name}。` };
    process.stderr.write(`${none[language]}\n\n${overview()}\n`);
    return 2;
  }
  try {
    return await command.run(rest, { language, environment: process.env });
  } catch (error) {
    if (error instanceof Usage && error.isHelp) process.stdout.write(`${error.message}\n`);
    else process.stderr.write(`custos ${name}: ${sayError(error)}\n`);
    return error instanceof Usage && error.isHelp ? 0 : 2;
  }
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const rows = Object.entries(commands).map(
    ([name, { does }]) => `  ${name.padEnd(width)}  ${does[language]}`,
  );
  const exit = {
    en: 'Each knows --json. Exit code: 0 good, 1 found something, 2 could not run.',
    zh: '各命令均支持 --json。退出码：0 正常，1 发现问题，2 无法运行。',
  };
  return [`npx custos …`, '', ...rows, '', exit[language]].join('\n');
}
