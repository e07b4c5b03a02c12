/**
 * PostgreSQL processes that an earlier life of ours left on a data folder. They are known by their working directory,
 * not by a number in a file, so that nothing else is ever ended.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Clock, Fault, type Log } from '../base/index.ts';

const politeMs = 1_500;
const firmMs = 1_000;
const killMs = 3_000;

/** Ends whatever still runs on `dir`: a fast shutdown first, then an immediate one, then a kill. */
export async function endOrphans(dir: string, at: { log: Log; clock: Clock }): Promise<void> {
  const found = processesOn(dir);
  if (found.length === 0) return dropStalePid(dir);
  at.log.warn({ dir, pids: found }, 'an earlier database still runs on this folder; ending it');
  const postmaster = readPostmaster(dir);
  if (postmaster !== null && found.includes(postmaster)) {
    signal([postmaster], 'SIGINT');
    if (await areGone(dir, politeMs, at.clock)) return;
  }
  // Backends without their postmaster: nobody else will end them, and a new one refuses to start beside them.
  signal(processesOn(dir), 'SIGQUIT');
  if (await areGone(dir, firmMs, at.clock)) return;
  signal(processesOn(dir), 'SIGKILL');
  if (await areGone(dir, killMs, at.clock)) return;
  throw new Fault(`a database that cannot be ended runs on ${dir}`);
}

export function processesOn(dir: string): number[] {
  const real = realpathSync(dir);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isDatabaseOn(real, pid));
}

function isDatabaseOn(realDir: string, pid: number): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`) !== realDir) return false;
    if (!readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres')) return false;
    // A zombie holds nothing and waits only for its parent.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // It ended while we looked, or is another user's and so not ours.
  }
}

/**
 * After a reboot or in a new container the number in `postmaster.pid` may be some other process of this user, which
 * PostgreSQL would take for a rival. Nothing runs on the folder, so the file is stale.
 */
function dropStalePid(dir: string): void {
  rmSync(join(dir, 'postmaster.pid'), { force: true });
}

function readPostmaster(dir: string): number | null {
  try {
    return Number.parseInt(readFileSync(join(dir, 'postmaster.pid'), 'utf8'), 10) || null;
  } catch {
    return null; // No file: only backends are left.
  }
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // Gone already, which is what was asked for.
    }
  }
}

async function areGone(dir: string, withinMs: number, clock: Clock): Promise<boolean> {
  const untilMs = clock.monoMs() + withinMs;
  while (processesOn(dir).length > 0) {
    if (clock.monoMs() > untilMs) return false;
    await wait(20);
  }
  return true;
}
