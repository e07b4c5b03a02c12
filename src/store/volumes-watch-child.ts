/**
 * The process that looks at volumes, twice a second each: whether the marker is there, how much is free, whether it
 * takes a write. A disk that answers no more holds threads of this process and of no other, and its silence is the
 * report. It beats apart from any disk, so that its own trouble is not taken for a disk's.
 */
import { close, fdatasync, open as openFile, write as writeFile } from 'node:fs';
import { mkdir, open, readdir, readFile, realpath, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Fault, Lane, systemClock } from '../base/index.ts';
import { ownDisks } from './disks.ts';
import type { Checked, FromWatch, Report, ToWatch, Watched } from './volumes-watch.ts';

/** Names of the marker and of what is written to try: given, so that this process loads nothing of the engine. */
const [markName = '', probeName = '', within = ''] = process.argv.slice(2);
/** Nobody waits longer for an answer. */
const askWithinMs = Number(within);
const everyMs = 500;
/** A second of what was written may be lost by a disk that fails; every so many looks one is made durable. */
const looksPerSync = 10;
/** Writes go into memory first; a disk that does not take them from there in this time fails. */
const hangMs = 15_000;

const watched = new Map<string, Watched>();
const looking = new Set<string>();
const syncs = new Map<string, { failed: boolean; sinceMs: number | null; looks: number }>();

const say = (message: FromWatch): void => void process.send?.(message, () => {});
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown';

process.on('message', (message: ToWatch) => {
  if ('watch' in message) {
    watched.clear();
    for (const one of message.watch) watched.set(one.id, one);
  } else void answer(message);
});
process.once('disconnect', () => process.exit());
setInterval(() => {
  say({ beat: true });
  for (const one of watched.values()) if (!looking.has(one.id)) void look(one);
}, everyMs);

async function look(one: Watched): Promise<void> {
  looking.add(one.id);
  const report = await reportOf(one);
  looking.delete(one.id);
  say({ report });
}

async function reportOf(one: Watched): Promise<Report> {
  const sizes = { totalBytes: 0, freeBytes: 0, device: 0 };
  try {
    const { dev } = await stat(one.path);
    const disk = await statfs(one.path);
    Object.assign(sizes, {
      totalBytes: disk.blocks * disk.bsize,
      freeBytes: disk.bavail * disk.bsize,
      device: dev,
    });
    const problem = (await markProblem(one)) ?? (one.writes ? await writeProblem(one) : null);
    return { id: one.id, problem, ...sizes };
  } catch (error) {
    const problem = ['ENOENT', 'ENOTDIR'].includes(codeOf(error)) ? 'missing' : 'io';
    return { id: one.id, problem, ...sizes };
  }
}

async function markProblem({ path, mark }: Watched): Promise<Report['problem']> {
  try {
    return (await readFile(join(path, markName), 'utf8')) === mark ? null : 'foreign';
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'unmarked' : 'io';
  }
}

/** A full disk takes nothing either, and is no broken one. */
async function writeProblem({ id, path }: Watched): Promise<Report['problem']> {
  const sync = syncs.get(id) ?? { failed: false, sinceMs: null, looks: 0 };
  syncs.set(id, sync);
  const nowMs = systemClock.monoMs();
  try {
    const fd = await promisify(openFile)(join(path, probeName), 'w', 0o600);
    const written = promisify(writeFile)(fd, Buffer.from('.'), 0, 1, 0);
    if (sync.looks++ % looksPerSync > 0 || sync.sinceMs !== null) {
      await written.finally(() => closing(fd));
    } else {
      await written;
      sync.sinceMs = nowMs;
      fdatasync(fd, (error) => {
        sync.failed = error !== null && error.code !== 'ENOSPC' && error.code !== 'EDQUOT';
        sync.sinceMs = null;
        void closing(fd);
      });
    }
    const hangs = sync.sinceMs !== null && nowMs - sync.sinceMs > hangMs;
    return sync.failed || hangs ? 'io' : null;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOSPC' || code === 'EDQUOT') return null;
    return ['EROFS', 'EACCES', 'EPERM'].includes(code) ? 'read-only' : 'io';
  }
}

async function closing(fd: number): Promise<void> {
  await promisify(close)(fd).catch(() => {});
}

/**
 * Files are asked for by the server. Of one volume so many at a time: where it answers no more, those keep their
 * threads and the rest waits, until nobody waits for it any longer.
 */
const filesAtOnce = 2;
const mostWaiting = 200;
const lanes = new Map<string, Lane>();

function inLane<T>(root: string, work: () => Promise<T>): Promise<T> {
  const lane = lanes.get(root) ?? new Lane(filesAtOnce, mostWaiting);
  lanes.set(root, lane);
  return lane.run(work, askWithinMs, () => new Fault(`${root}: ETIMEDOUT`, { retry: true }));
}

async function answer(message: Exclude<ToWatch, { watch: unknown }>): Promise<void> {
  const { ask } = message;
  try {
    say({ answer: ask, value: (await answerTo(message)) ?? null });
  } catch (error) {
    say({ answer: ask, problem: error instanceof Fault ? error.message : codeOf(error) });
  }
}

async function answerTo(message: Exclude<ToWatch, { watch: unknown }>): Promise<unknown> {
  if ('check' in message) return check(message.check);
  if ('mark' in message) return writeMark(message.mark.path, message.mark.text);
  const { root, paths } = message;
  return inLane(root, async (): Promise<unknown> => {
    switch (message.files) {
      case 'remove':
        return ownDisks.remove(root, paths[0]!);
      case 'settle':
        return ownDisks.settle(root, paths);
      case 'has-any':
        return ownDisks.hasAny(root, paths[0]!);
      case 'sizes':
        return ownDisks.sizes(root, paths);
      case 'space':
        return ownDisks.space(root);
    }
  });
}

/** What a folder is that somebody wants to add. */
async function check(path: string): Promise<Checked> {
  const real = await realpath(path);
  const { dev } = await stat(real);
  const names = (await readdir(real)).filter((name) => ![probeName, 'lost+found'].includes(name));
  const mark = names.includes(markName) ? await readFile(join(real, markName), 'utf8') : null;
  await tryWrite(real);
  const disk = await statfs(real);
  return {
    path: real,
    mark,
    isEmpty: names.length === 0,
    device: dev,
    totalBytes: disk.blocks * disk.bsize,
    freeBytes: disk.bavail * disk.bsize,
  };
}

async function tryWrite(path: string): Promise<void> {
  const file = join(path, probeName);
  {
    await using handle = await open(file, 'w', 0o600);
    await handle.writeFile('.');
    await handle.sync();
  }
  await unlink(file);
  await syncFolder(path);
}

/** Whole or not at all: half a marker would make the volume a stranger. */
async function writeMark(path: string, text: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await using handle = await open(join(path, markName), 'w', 0o640);
  await handle.writeFile(text);
  await handle.sync();
  await syncFolder(path);
  await syncFolder(dirname(path)).catch(() => {});
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
