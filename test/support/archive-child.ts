/** Moves what is to be moved and kills itself, as a power cut would, at the step it is told; for `archive.test.ts`. */
import { noLog, openSecretBox, systemClock } from '../../src/base/index.ts';
import { openDatabase } from '../../src/db/index.ts';
import { createEngine } from '../../src/engine/index.ts';
import { ownDisks } from '../../src/store/disks.ts';
import { Archive, Buckets } from '../../src/store/index.ts';
import { testKeys } from './keys.ts';

const [databaseUrl, dataDir, keysDir, killAt] = process.argv.slice(2) as [string, string, string, string];
const at = { clock: systemClock, log: noLog };
const db = await openDatabase({ dataDir, databaseUrl, ...at });
const keys = await testKeys(dataDir);
const engine = await createEngine({
  ...{ runDir: `${dataDir}/run-child`, perProcess: 64, transcodeLimit: 1, ffmpeg: null, keys, ...at },
  footage: async () => ({ segments: [], gaps: [] }),
});
const buckets = await Buckets.open({ db, box: await openSecretBox(keysDir), engine, ...at });
await buckets.look();
const archive = new Archive({
  ...{ db, engine, buckets, disks: ownDisks, ...at },
  step: (step) => {
    if (step === killAt) process.kill(process.pid, 'SIGKILL');
  },
});
const moved = await archive.pass();
process.stdout.write(`${JSON.stringify(moved)}\n`);
process.exit(0);
