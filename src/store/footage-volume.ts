/** The volume that every installation has: its row, and its marker. */
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import { markName, markOf, type Volume } from '../engine/index.ts';
import { footageId, openInstallation } from './volumes-rows.ts';

/**
 * The volume that every installation has, `DATA/footage`. It is marked anew where it lies on DATA's own device, for
 * that can be gone only with DATA; where something was mounted on it once and is not there now, it is away.
 */
export async function openFootageVolume(
  at: { db: Database; clock: Clock },
  dataDir: string,
): Promise<Volume> {
  const path = join(dataDir, 'footage');
  await mkdir(path, { recursive: true, mode: 0o700 });
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
  const isMarked = (await readFile(join(path, markName), 'utf8').catch(() => null)) !== null;
  if (!isMarked && !marked) await writeMark(path, mark);
  const isApart = (await stat(path)).dev !== (await stat(dataDir)).dev;
  if (isApart && !marked)
    await at.db.kysely.updateTable('volume').set({ marked: true }).where('id', '=', footageId).execute();
  return { id: footageId, path, name, mark };
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
