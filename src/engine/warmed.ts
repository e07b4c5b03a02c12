/**
 * Where Node keeps the engine's compiled code: beside what npm installed when we may write there, else in the run
 * folder. It is made anew when the code is another, so that no process of the engine ever compiles or strips types.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { childEnvironment, type Log, sayError } from '../base/index.ts';

const warmWithinMs = 20_000;
const sources = ['base', 'contract', 'engine'].map((name) => new URL(`../${name}/`, import.meta.url));
const beside = new URL('../../node_modules/.cache/custos-engine', import.meta.url);

/** An engine that could not be warmed starts all the same, only slower. */
export async function warmedCode(runDir: string, log: Log): Promise<string> {
  const installed = fileURLToPath(beside);
  const codeFolder = (await mayWriteBeside(installed)) ? installed : join(runDir, 'code');
  try {
    const wanted = await stampOf();
    const stampFile = join(codeFolder, 'made-of');
    const made = await readFile(stampFile, 'utf8').catch(() => '');
    if (made === wanted) return codeFolder;
    await warm(codeFolder);
    await writeFile(stampFile, wanted);
  } catch (error) {
    log.warn({ problem: sayError(error) }, 'the engine starts without compiled code');
  }
  return codeFolder;
}

async function warm(codeFolder: string): Promise<void> {
  const env = childEnvironment({ NODE_COMPILE_CACHE: codeFolder });
  const script = fileURLToPath(new URL('./warm.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [script], { env, timeout: warmWithinMs });
}

async function mayWriteBeside(folder: string): Promise<boolean> {
  try {
    await mkdir(dirname(folder), { recursive: true });
    await access(existsSync(folder) ? folder : dirname(folder), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Which code it is: the path, size and age of every file. */
async function stampOf(): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const folder of sources) {
    const root = fileURLToPath(folder);
    const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.ts')).sort();
    for (const name of names) {
      const { size, mtimeMs } = await stat(join(root, name));
      hash.update(`${join(root, name)} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}
