/** The volume that every installation has: its row, and its marker. */
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import { markName, markOf, type Volume } from '../engine/index.ts';
import { footageId, openInstallation } from './volumes-rows.ts';

/** Footage may lie on a share whose server is gone: then the other volumes are recorded on, and the watch says so. */
const answerWithinMs = 5_000;

/**
 * The volume that every installation has, `DATA/footage`. It is marked anew where it lies on DATA's own device, for
 * that can be gone only with DATA; where something was mounted on it once and is not there now, it is away.
 */
export async function openFootageVolume(
  at: { db: Database; clock: Clock },
  dataDir: string,
): Promise<Volume> {
  const path = join(dataDir, 'footage');
  const created = new Date(at.clock.wallMs());
  await at.db.kysely
    .insertInto('volume')
    .values({ id: footageId, path, created })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ path }))
    .execute();
  const { name, marked } = await at.db.kysely
    .selectFrom('volume')
    .select(['name', 'marked'])
    .where('id', '=', footageId)
    .executeTakeFirstOrThrow();
  const installationId = await openInstallation(join(dataDir, 'keys'), at.clock);
  const mark = markOf({ volumeId: footageId, installationId });
  const late = wait(answerWithinMs, false, { ref: false });
  const isApart = await Promise.race([prepared(path, dataDir, marked ? null : mark), late]);
  if (isApart && !marked)
    await at.db.kysely.updateTable('volume').set({ marked: true }).where('id', '=', footageId).execute();
  return { id: footageId, path, name, mark };
}

/** The folder, and its marker where it is new. True when it lies on a device of its own. */
async function prepared(path: string, dataDir: string, mark: string | null): Promise<boolean> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const isMarked = (await readFile(join(path, markName), 'utf8').catch(() => null)) !== null;
  if (!isMarked && mark !== null) await writeMark(path, mark);
  return (await stat(path)).dev !== (await stat(dataDir)).dev;
}

async function writeMark(path: string, text: string): Promise<void> {
  {
    await using file = await open(join(path, markName), 'w', 0o640);
    await file.writeFile(text);
    await file.sync();
  }
  await using folder = await open(path, 'r');
  await folder.sync();
}
