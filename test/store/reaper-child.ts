/** A reaper in a process of its own, which dies at one numbered step: `reaper-child.ts URL DATA STEP NOW`. */
import { systemClock } from '../../src/base/index.ts';
import { openPlace } from './reaper-place.ts';

const [, , url = '', data = '', step = '', now = ''] = process.argv;
const clock = { wallMs: () => Number(now), monoMs: () => systemClock.monoMs() };
const place = await openPlace(url, data, clock);
const reaper = place.reaper((reached) => {
  if (reached === step) process.kill(process.pid, 'SIGKILL');
});
await reaper.pass();
process.exit(0);
