/** What processes cost, read from /proc: CPU seconds and memory (PSS) of a process with all its descendants. */
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerS = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuS: number;
}

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(fields[1]), cpuS: (Number(fields[11]) + Number(fields[12])) / ticksPerS };
  } catch {
    return null;
  }
}

/** The process and everything below it that lives now. */
export function treeOf(root: number): readonly Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== null);
  const found = new Set([root]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of all)
      if (found.has(parent) && !found.has(pid)) {
        found.add(pid);
        grown = true;
      }
  }
  return all.filter(({ pid }) => found.has(pid));
}

/** CPU seconds by process, so that a difference over time counts only who lived through all of it. */
export const cpuByProcess = (root: number): ReadonlyMap<number, number> =>
  new Map(treeOf(root).map(({ pid, cpuS }) => [pid, cpuS]));

export function cpuSince(before: ReadonlyMap<number, number>, root: number): number {
  let sum = 0;
  for (const [pid, cpuS] of cpuByProcess(root)) sum += cpuS - (before.get(pid) ?? 0);
  return sum;
}

/** Proportional set size in MB: shared pages are counted once over all who share them. */
export function pssMb(root: number): number {
  let kb = 0;
  for (const { pid } of treeOf(root)) {
    try {
      kb += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It ended in the meantime.
    }
  }
  return kb / 1024;
}
