/**
 * `custos backup DIR`: the database, the ledger's files and the keys of the system as they are at one moment, while
 * recording goes on. Not the footage. Not the keys of the footage either, unless named: a copy of them would bring
 * back what was deleted by destroying a key.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault, noLog, rfc3339, systemClock } from '../base/index.ts';
import { clusterBytes, copyCluster, openBeside } from '../db/index.ts';
import { append, system } from '../ledger/index.ts';
import { version } from '../parts.ts';
import { type Both, type Command, readArguments, Usage } from './command.ts';
import { showProgress } from './progress.ts';

export const manifestName = 'backup.json';
const keysOption = '--with-footage-keys';

export interface BackedUpFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest {
  readonly format: 1;
  readonly software: string;
  readonly at: string;
  readonly footageKeys: boolean;
  readonly files: readonly BackedUpFile[];
}

export const backup: Command = {
  does: {
    en: `Copies database, ledger and system keys to DIR while recording goes on; not the footage. ${keysOption}: the footage's keys as well, which defeats deletion by destroying keys.`,
    zh: `在不中断录像的情况下，将数据库、存证账本和系统密钥备份到 DIR；不含录像。${keysOption}：同时备份录像密钥（此后销毁密钥将不再等于删除录像）。`,
  },
  run: async (args, terminal) => {
    const { folder, rest } = readFolder('backup', args);
    const { settings, isJson } = readArguments(
      rest.filter((arg) => arg !== keysOption),
      terminal,
    );
    if (settings.databaseUrl)
      throw new Fault(
        'this Custos has its database elsewhere (DATABASE_URL): back that up with its own tools (pg_basebackup, pg_dump), and copy DATA/ledger before it',
      );
    const withKeys = rest.includes(keysOption);
    const progress = showProgress({
      isShown: !isJson && process.stderr.isTTY === true,
      clock: systemClock,
      terminal,
    });
    const manifest = await backUp({
      ...{ dataDir: settings.data, to: folder, withKeys },
      at: (done, of) => progress.at(done, of),
    });
    progress.end();
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    if (isJson)
      process.stdout.write(
        `${JSON.stringify({ good: true, dir: folder, at: manifest.at, files: manifest.files.length, bytes, footageKeys: withKeys })}\n`,
      );
    else
      for (const says of summary(manifest, bytes, folder))
        process.stdout.write(`${says[terminal.language]}\n`);
    return 0;
  },
};

function summary({ files, footageKeys }: Manifest, bytes: number, folder: string): Both[] {
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  const done = {
    en: `✔ ${files.length} files, ${size}, in ${folder}. The footage is not in it.`,
    zh: `✔ 已备份 ${files.length} 个文件，共 ${size}，位于 ${folder}。其中不含录像。`,
  };
  const keys = footageKeys
    ? {
        en: '! The keys of the footage are in it: as long as this copy exists, footage whose key was destroyed can be read again. Destroy the copy with them.',
        zh: '！备份中包含录像密钥：只要该备份存在，密钥已销毁的录像仍可被读取。销毁密钥时须一并销毁本备份。',
      }
    : {
        en: `The keys of the footage (DATA/keys/footage) are not in it: without them the footage cannot be read. ${keysOption} copies them.`,
        zh: `备份中不含录像密钥（DATA/keys/footage）：没有密钥则无法读取录像。如需一并备份，请加 ${keysOption}。`,
      };
  return [done, keys];
}

/** The folder among the arguments, and the rest. */
export function readFolder(name: string, args: readonly string[]): { folder: string; rest: string[] } {
  const folders = args.filter((arg, i) => !arg.startsWith('-') && !takesValue(args[i - 1]));
  if (args.includes('--help') || args.includes('-h'))
    throw new Usage(`custos ${name} DIR [--data DIR] [--json]`, true);
  if (folders.length !== 1 || !folders[0]) throw new Usage(`${name} needs one folder: custos ${name} DIR`);
  return { folder: resolve(folders[0]), rest: args.filter((arg) => arg !== folders[0]) };
}

const takesValue = (arg: string | undefined): boolean =>
  arg !== undefined && /^--(data|config|host|port|log-level)$/.test(arg);

export interface BackUp {
  readonly dataDir: string;
  /** Missing or empty. */
  readonly to: string;
  readonly withKeys: boolean;
  at?(doneBytes: number, ofBytes: number): void;
}

export async function backUp({ dataDir, to, withKeys, at }: BackUp): Promise<Manifest> {
  if (existsSync(to) && (await readdir(to)).length > 0)
    throw new Fault(`${to} is not empty: a backup needs a folder of its own`);
  await using db = await openBeside({ dataDir, log: noLog, clock: systemClock });
  const pg = join(dataDir, 'pg');
  const wantedBytes = await clusterBytes(pg);
  await mkdir(to, { recursive: true, mode: 0o700 });
  await chmod(to, 0o700);
  await checkSpace(to, wantedBytes);
  const files: BackedUpFile[] = [];
  let doneBytes = 0;
  const take = async (from: string, path: string) => {
    const file = await copyWithDigest(from, path, to);
    if (!file) return false;
    files.push(file);
    doneBytes += file.bytes;
    at?.(doneBytes, wantedBytes);
    return true;
  };
  try {
    await copyCluster(db.kysely, {
      ...{ from: pg, to: join(to, 'pg') },
      copy: take,
      // Checkpoints that the database does not reach yet would be of another history.
      before: () => copyLedger(join(dataDir, 'ledger'), join(to, 'ledger'), take),
    });
    await addLabel(join(to, 'pg', 'backup_label'), to, files);
    await copyKeys(join(dataDir, 'keys'), join(to, 'keys'), withKeys, take);
    const atMs = systemClock.wallMs();
    const manifest: Manifest = {
      format: 1,
      software: `custos ${version}`,
      at: rfc3339(atMs),
      footageKeys: withKeys,
      files,
    };
    await writeManifest(to, manifest);
    await db.kysely.transaction().execute((trx) =>
      append(trx, {
        ...{ atMs, actor: system, action: 'backup.take', outcome: 'done', subject: { kind: 'system' } },
        detail: { to, files: files.length, footageKeys: withKeys },
      }),
    );
    return manifest;
  } catch (error) {
    // Half a backup looks like one: it goes, as far as we made it.
    for (const name of ['pg', 'ledger', 'keys', manifestName])
      await rm(join(to, name), { recursive: true, force: true });
    throw error;
  }
}

async function checkSpace(folder: string, wantedBytes: number): Promise<void> {
  const disk = await statfs(folder);
  const freeBytes = disk.bavail * disk.bsize;
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  if (freeBytes < wantedBytes)
    throw new Fault(`${folder} has ${mb(freeBytes)} free, and the backup needs about ${mb(wantedBytes)}`);
}

type Take = (from: string, to: string) => Promise<boolean>;

/** First what is signed, then the tiles, which only ever become more. */
async function copyLedger(from: string, to: string, take: Take): Promise<void> {
  await take(join(from, 'key'), join(to, 'key'));
  await copyTree(join(from, 'checkpoints'), join(to, 'checkpoints'), take);
  await take(join(from, 'checkpoint'), join(to, 'checkpoint'));
  await copyTree(join(from, 'tile'), join(to, 'tile'), take);
}

async function copyKeys(from: string, to: string, withKeys: boolean, take: Take): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isFile()) await take(join(from, entry.name), join(to, entry.name));
    else if (withKeys && entry.name === 'footage')
      await copyTree(join(from, 'footage'), join(to, 'footage'), take);
  }
}

async function copyTree(from: string, to: string, take: Take): Promise<void> {
  if (!existsSync(from)) return;
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isDirectory()) await copyTree(join(from, entry.name), join(to, entry.name), take);
    else if (entry.isFile() && !entry.name.endsWith('.new'))
      await take(join(from, entry.name), join(to, entry.name));
  }
}

/** Null when the file is gone. The digest is of the bytes that were written. */
export async function copyWithDigest(from: string, to: string, root: string): Promise<BackedUpFile | null> {
  const hash = createHash('sha256');
  let bytes = 0;
  const digest = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    await pipeline(
      createReadStream(from, { highWaterMark: 1 << 20 }),
      digest,
      createWriteStream(to, { mode: 0o600, flush: true, highWaterMark: 1 << 20 }),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(from)) throw error;
    await rm(to, { force: true });
    return null;
  }
  return { path: relative(root, to), bytes, sha256: hash.digest('hex') };
}

/** Written by PostgreSQL's word and not copied: it belongs to the manifest all the same. */
async function addLabel(path: string, root: string, files: BackedUpFile[]): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  files.push({ path: relative(root, path), bytes, sha256: hash.digest('hex') });
}

/** Last of all: a folder without it is no backup. */
async function writeManifest(to: string, manifest: Manifest): Promise<void> {
  const draft = join(to, `${manifestName}.new`);
  {
    await using file = await open(draft, 'w', 0o600);
    await file.writeFile(`${JSON.stringify(manifest, null, 1)}\n`);
    await file.sync();
  }
  await rename(draft, join(to, manifestName));
}
