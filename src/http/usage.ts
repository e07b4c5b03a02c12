/** Memory and processor time of our child processes, as Linux tells them; null elsewhere. */
import { readFile } from 'node:fs/promises';
import { BoundedMap, type Clock } from '../base/index.ts';

export interface Usage {
  readonly memoryMb: number;
  /** Of one core, since the last time it was asked; null the first time. */
  readonly cpuPercent: number | null;
}

/** USER_HZ: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;
const before = new BoundedMap<number, { cpuS: number; atMs: number }>(1_000);

export async function usageOf(pid: number, clock: Clock): Promise<Usage | null> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null),
    readFile(`/proc/${pid}/status`, 'latin1').catch(() => null),
  ]);
  // The process ended, or this is no Linux: then there is nothing to say.
  if (stat === null || status === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const cpuS = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  const residentKb = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { memoryMb: Math.round(residentKb / 102.4) / 10, cpuPercent: percent(pid, cpuS, clock.monoMs()) };
}

function percent(pid: number, cpuS: number, atMs: number): number | null {
  const last = before.get(pid);
  before.set(pid, { cpuS, atMs });
  if (!last || atMs - last.atMs < 100 || cpuS < last.cpuS) return null;
  return Math.round(((cpuS - last.cpuS) / ((atMs - last.atMs) / 1000)) * 1000) / 10;
}
