/** The data folder: made when missing, closed to others, and used by one running Custos at a time. */
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../base/index.ts';

/** Faults when another living Custos uses the folder; a file left by a killed one is taken over. */
export function openDataDir(path: string): Disposable {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lock = join(path, 'custos.pid');
  const own = `${process.pid} ${bornAt(process.pid)}\n`;
  const draft = `${lock}.${process.pid}`;
  writeFileSync(draft, own, { mode: 0o600 });
  try {
    for (let attempt = 0; !takeLock(draft, lock); attempt++) {
      const holder = livingHolder(lock);
      if (holder !== null || attempt === 3) {
        throw new Fault(
          `another Custos (process ${holder ?? 'unknown'}) uses ${path}: stop it, or give --data another folder`,
        );
      }
      rmSync(lock, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    [Symbol.dispose]() {
      rmSync(lock, { force: true });
    },
  };
}

/** A link, unlike a write, either makes the whole file or finds one there. */
function takeLock(draft: string, lock: string): boolean {
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new Fault(`cannot write to the data folder: ${lock}`, { cause: error });
  }
}

function livingHolder(lock: string): number | null {
  const text = statSync(lock, { throwIfNoEntry: false }) ? readFileSync(lock, 'utf8') : '';
  const [pid, born] = text.trim().split(' ');
  return pid && born && bornAt(Number(pid)) === born ? Number(pid) : null;
}

/**
 * Clock ticks since boot when the process began (proc_pid_stat(5), field 22): a number that was given anew has another
 * birth. Empty for one that is gone, or dead and only not yet collected: in a container nobody may ever collect it.
 */
function bornAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
  } catch {
    return ''; // No such process.
  }
}
