/**
 * `custos doctor`: is this machine fit to run Custos with these settings? Each check says what it saw in a sentence;
 * what it finds costs nothing that is stored.
 */
import { type Clock, systemClock } from '../base/index.ts';
import { type Check, checks, type Finding } from './checks.ts';
import { type Both, type Command, readArguments } from './command.ts';

const marks = { good: '✔', note: '·', bad: '✖' };
/** A check that hangs (a dead network disk) must not hide what the others saw. */
const checkMs = 30_000;

export const doctor: Command = {
  does: {
    en: 'Looks whether this machine is fit: Node, PostgreSQL, FFmpeg, fonts, disk, port, clock, rights.',
    zh: '检查本机是否满足运行条件：Node、PostgreSQL、FFmpeg、字体、磁盘、端口、时钟、权限。',
  },
  run: async (args, terminal) => {
    const { settings, isJson } = readArguments(args, terminal);
    const results: { name: string; finding: Finding }[] = [];
    for (const [name, check] of Object.entries(checks)) {
      const finding = await bounded(check, { settings, clock: systemClock });
      results.push({ name, finding });
      if (!isJson) process.stdout.write(`${marks[finding.outcome]} ${finding.says[terminal.language]}\n`);
    }
    const isFit = results.every(({ finding }) => finding.outcome !== 'bad');
    if (isJson) process.stdout.write(`${JSON.stringify(report(results, isFit))}\n`);
    return isFit ? 0 : 1;
  },
};

function report(results: readonly { name: string; finding: Finding }[], isFit: boolean): object {
  return {
    fit: isFit,
    checks: results.map(({ name, finding: { outcome, says, facts } }) => ({ name, outcome, ...says, facts })),
  };
}

async function bounded(
  check: Check,
  at: { settings: Parameters<Check>[0]['settings']; clock: Clock },
): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<Finding>((resolve) => {
    const says: Both = { en: 'A check did not end within 30 s.', zh: '一项检查未能在 30 秒内完成。' };
    timer = setTimeout(() => resolve({ outcome: 'bad', says, facts: {} }), checkMs);
  });
  return await Promise.race([check(at), tooLong]).finally(() => clearTimeout(timer));
}
