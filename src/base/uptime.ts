/** How long this machine has been running: a clock that nobody can set, and that goes on over restarts of Custos. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { newId } from './ids.ts';

export interface Uptime {
  /** Which start of the machine it is; two readings with another one cannot be compared. */
  readonly boot: string;
  /** Since then, time asleep included. */
  readonly upMs: number;
}

const boot = readBoot();

export const machineUptime = (): Uptime => ({ boot, upMs: Math.round(uptime() * 1000) });

/** Where no system says which start it is, each start of ours counts as one: less is known then, and nothing wrong. */
function readBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 64);
  } catch {
    return newId('boot');
  }
}
