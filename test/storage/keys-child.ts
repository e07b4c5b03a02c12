/** Makes or destroys a key and is killed, by itself, before the step that it was given. */
import { join } from 'node:path';
import { systemClock } from '../../src/base/index.ts';
import { KeyRing } from '../../src/engine/index.ts';

const [path, step, act] = process.argv.slice(2) as [string, string, 'make' | 'destroy'];
const ring = await KeyRing.open({
  dir: join(path, 'footage'),
  master: { kind: 'file' },
  clock: systemClock,
  beforeStep: (reached) => {
    if (reached === step) process.kill(process.pid, 'SIGKILL');
  },
});
if (act === 'make') await ring.dayKey('cam_1.main', '2026-11-22', { create: true });
else await ring.destroy('cam_1.main', '2026-11-22');
