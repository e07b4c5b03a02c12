/** Volumes: the folders that hold segments. One by default, `DATA/footage`. */
import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import type { Volume } from '../engine/index.ts';

/** One name for good: the folder moves with DATA, the rows that name it do not change. */
const footageId = 'footage';

export async function openFootageVolume(
  at: { db: Database; clock: Clock },
  dataDir: string,
): Promise<Volume> {
  const path = join(dataDir, 'footage');
  await mkdir(path, { recursive: true, mode: 0o700 });
  await at.db.kysely
    .insertInto('volume')
    .values({ id: footageId, path, created: new Date(at.clock.wallMs()) })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ path }))
    .execute();
  return { id: footageId, path };
}

export interface VolumeState extends Volume {
  readonly segments: number;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly oldestMs: number | null;
}

export async function volumeStates(db: Database): Promise<VolumeState[]> {
  const rows = await db.kysely.selectFrom('volume').selectAll().orderBy('id').limit(100).execute();
  const oldestMs = await oldestSegment(db);
  return Promise.all(
    rows.map(async ({ id, path, segments, bytes }) => {
      const disk = await statfs(path).catch(() => null);
      const totalBytes = disk ? disk.blocks * disk.bsize : 0;
      const freeBytes = disk ? disk.bavail * disk.bsize : 0;
      return { id, path, segments, bytes, totalBytes, freeBytes, oldestMs };
    }),
  );
}

/** Camera by camera, each by its index; over all rows at once it would read them all. */
async function oldestSegment(db: Database): Promise<number | null> {
  const row = await db.kysely
    .selectFrom('camera')
    .select((select) =>
      select.fn
        .min<number | null>(
          select
            .selectFrom('segment')
            .select('segment.start_ms')
            .whereRef('segment.camera_id', '=', 'camera.id')
            .where('segment.stream', '=', 'main')
            .orderBy('segment.start_ms')
            .limit(1)
            .$asScalar(),
        )
        .as('oldest'),
    )
    .executeTakeFirst();
  return row?.oldest ?? null;
}
