/** A process of its own that opens the database in the folder it is given, says so, and waits to be killed. */
import { noLog, systemClock } from '../../src/base/index.ts';
import { openDatabase } from '../../src/db/index.ts';

const dataDir = process.argv[2] as string;
await using db = await openDatabase({ dataDir, log: noLog, clock: systemClock });
// Before it says so: whoever reads the line may end it at once.
const askedToEnd = new Promise<void>((resolve) => {
  process.once('SIGTERM', resolve);
  // A pending promise alone does not keep a process alive.
  setInterval(() => {}, 60_000);
});
process.stdout.write(`${JSON.stringify({ pid: db.pid, version: db.version })}\n`);
await askedToEnd;
process.exitCode = 0;
setImmediate(() => process.exit());
