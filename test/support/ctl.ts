/** `npx custos …` in a process of its own, whose environment holds nothing but what is given. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

const ctl = join(import.meta.dirname, '../../src/ctl.ts');
/** As `npx custos` has it: what is compiled once is kept. */
const NODE_COMPILE_CACHE = join(import.meta.dirname, '../../node_modules/.cache/custos-main');
const boundMs = 200_000;
/** The description of the whole interface is the longest answer. */
const maxBuffer = 32 << 20;

export function command(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string; said: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: '/', LANG: 'C.UTF-8', NODE_COMPILE_CACHE, ...environment };
    execFile(process.execPath, [ctl, ...args], { env, timeout: boundMs, maxBuffer }, (error, out, said) =>
      resolve({ code: error ? Number(error.code) : 0, out, said }),
    );
  });
}
