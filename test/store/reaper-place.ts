/** A place for the reaper: a volume with real files, their rows, a real key ring, real PostgreSQL. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, newId, noLog } from '../../src/base/index.ts';
import { type Database, openDatabase } from '../../src/db/index.ts';
import { KeyRing } from '../../src/engine/index.ts';
import { clearLogs } from '../../src/reaping.ts';
import { makeDays } from '../../src/store/index.ts';
import { type DeletionStep, Reaper } from '../../src/store/reaper.ts';
import { folderShelf } from '../../src/store/reaper-files.ts';

export const minuteMs = 60_000;
export const dayMs = 86_400_000;

export interface Place {
  readonly db: Database;
  readonly footage: string;
  readonly keys: KeyRing;
  reaper(step?: (step: DeletionStep) => void | Promise<void>): Reaper;
}

export async function placeIn(db: Database, data: string, clock: Clock): Promise<Place> {
  const footage = join(data, 'footage');
  await mkdir(footage, { recursive: true });
  const keys = await KeyRing.open({ dir: join(data, 'keys', 'footage'), master: masterIn(data), clock });
  await db.kysely
    .insertInto('volume')
    .values({ id: 'footage', path: footage, created: new Date(0) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return {
    ...{ db, footage, keys },
    reaper: (step) =>
      new Reaper({
        ...{ db, clock, log: noLog, keys, filesPerSecond: 1_000_000 },
        uptime: () => readingOf(clock),
        shelfOf: async (id) => (id === 'footage' ? folderShelf(footage) : null),
        volumeIds: async () => ['footage'],
        isFresh: () => false,
        alsoClear: clearLogs({ db, clock }),
        ...(step ? { step: (at) => step(at) } : {}),
      }),
  };
}

/** A machine that was started when the clock's other reading began. */
export const readingOf = (clock: Clock) => ({
  ...{ boot: 'boot', wallMs: clock.wallMs(), upMs: clock.monoMs() },
});

const masterIn = (data: string) => ({ kind: 'file' as const, path: join(data, 'keys', 'master.key') });

/** For a process of its own. */
export async function openPlace(url: string, data: string, clock: Clock): Promise<Place> {
  return placeIn(await openDatabase({ dataDir: data, databaseUrl: url, log: noLog, clock }), data, clock);
}

export interface Settled {
  readonly profiles?: readonly string[];
  readonly placeClass?: 'art7.2-operator' | 'art9-other-public';
  readonly period?: { n: number; unit: 'hour' | 'day' | 'month' } | null;
  readonly justification?: string;
  readonly unsettled?: boolean;
}

export async function addPlaceCamera(
  db: Database,
  orderedMs: number,
  settled: Settled = {},
): Promise<string> {
  const created = new Date(orderedMs);
  const siteId = newId('site');
  await db.kysely
    .insertInto('site')
    .values({
      ...{ id: siteId, name: siteId, name_folded: siteId, address: '', time_zone: 'Asia/Shanghai', created },
      ...{ profiles: [...(settled.profiles ?? ['cn-national'])], place_type: null },
      ...(settled.placeClass ? { place_class: settled.placeClass } : {}),
    })
    .execute();
  if (!settled.unsettled)
    await db.kysely
      .insertInto('retention')
      .values({
        ...{
          site_id: siteId,
          period_n: settled.period?.n ?? null,
          period_unit: settled.period?.unit ?? null,
        },
        ...{ justification: settled.justification ?? '', settled: created, settled_by: 'test' },
      })
      .execute();
  const id = newId('cam');
  const nobody = { paused_at: null, paused_by: null, paused_reason: null };
  const notRetired = { retired_at: null, retired_by: null, retired_reason: null };
  const noPassword = { password_sealed: null, sub_user_name: null, sub_password_sealed: null };
  await db.kysely
    .insertInto('camera')
    .values({
      ...{ id, site_id: siteId, name: id, name_folded: id, url: 'rtsp://h/', sub_url: null, user_name: '' },
      ...{ ...noPassword, ...nobody, ...notRetired, transport: 'auto', sound_basis: null },
      ...{ ordered_ms: orderedMs, created },
    })
    .execute();
  return id;
}

export interface StoredFile {
  readonly id: string;
  readonly path: string;
  readonly full: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly digest: string;
}

/** Segments of a minute each, one behind the other, each a file of some hundred random bytes. */
export async function record(
  { db, footage, keys }: Place,
  cameraId: string,
  fromMs: number,
  count: number,
  stream: 'main' | 'sub' = 'main',
): Promise<StoredFile[]> {
  const files = Array.from({ length: count }, (_, i) =>
    newFile(footage, cameraId, stream, fromMs + i * minuteMs),
  );
  for (const { full, bytes, startMs } of files) {
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, bytes);
    await keys.dayKey(`${cameraId}.${stream}`, new Date(startMs).toISOString().slice(0, 10), {
      create: true,
    });
  }
  await know(
    db,
    { cameraId, stream },
    files.map(({ bytes, ...file }) => ({ ...file, bytes: bytes.length })),
  );
  return files.map(({ bytes: _, ...file }) => file);
}

/** Puts files into the index. */
export async function know(
  db: Database,
  { cameraId, stream }: { cameraId: string; stream: 'main' | 'sub' },
  files: readonly (Omit<StoredFile, 'full'> & { bytes: number })[],
): Promise<void> {
  await makeDays(
    db.kysely,
    files.map(({ startMs }) => startMs),
  );
  await db.kysely
    .insertInto('segment')
    .values(
      files.map((file) => ({
        ...{ camera_id: cameraId, stream, start_ms: file.startMs, id: file.id, end_ms: file.endMs },
        ...{ volume_id: 'footage', path: file.path, run: 'run', start_ticks: 0, duration_ticks: 0 },
        ...{ bytes: file.bytes, parts: 1, pictures: 1, codec: 'avc1', width: 1, height: 1 },
        ...{ packets_lost: 0, damaged_pictures: 0, digest: Buffer.from(file.digest, 'hex') },
      })),
    )
    .execute();
}

function newFile(footage: string, cameraId: string, stream: string, startMs: number) {
  const id = newId('seg', startMs);
  const day = new Date(startMs).toISOString().slice(0, 10);
  const path = `${cameraId}.${stream}/${day}/${startMs}-${id}.cvs`;
  const bytes = randomBytes(300);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { id, path, full: join(footage, path), startMs, endMs: startMs + minuteMs, bytes, digest };
}

export const isThere = (file: StoredFile): boolean => existsSync(file.full);
export const isWhole = async (file: StoredFile): Promise<boolean> =>
  createHash('sha256')
    .update(await readFile(file.full))
    .digest('hex') === file.digest;
