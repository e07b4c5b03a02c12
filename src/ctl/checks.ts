/** The checks of `custos doctor`, in the order in which they are shown. */
import { execFile } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, findProgram, rfc3339, type Settings, sayError } from '../base/index.ts';
import { probeDatabase } from '../db/index.ts';
import type { Both } from './command.ts';

export interface Finding {
  /** `note`: something is off without it, nothing that must run. */
  readonly outcome: 'good' | 'note' | 'bad';
  readonly says: Both;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

export type Check = (at: { readonly settings: Settings; readonly clock: Clock }) => Promise<Finding>;

const run = promisify(execFile);
const programMs = 10_000;
/** Below this the first day of a single camera (4 Mb/s: 43 GB) is far away, and PostgreSQL is near its end. */
const leastFreeBytes = 5e9;
const probeBytes = 32 * 1024 * 1024;
const leastOpenFiles = 4_096;
/** No Custos was built before this day: a clock that shows less is wrong. */
const builtAtMs = Date.UTC(2026, 10, 1);
const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(bytes < 1e11 ? 1 : 0);

export const checks: Record<string, Check> = {
  runtime: async () => {
    const { arch, platform, versions } = process;
    const isFit =
      Number.parseInt(versions.node, 10) >= 24 && platform === 'linux' && ['x64', 'arm64'].includes(arch);
    const facts = {
      node: versions.node,
      platform: `${platform}-${arch}`,
      cores: availableParallelism(),
      memoryBytes: totalmem(),
    };
    const seen = `Node ${versions.node}, ${facts.platform}`;
    const says = isFit
      ? {
          en: `${seen}, ${facts.cores} cores, ${gigabytes(facts.memoryBytes)} GB of memory.`,
          zh: `${seen}，${facts.cores} 个处理器核心，内存 ${gigabytes(facts.memoryBytes)} GB。`,
        }
      : {
          en: `${seen}: Custos needs Node 24 on Linux x64 or arm64.`,
          zh: `${seen}：Custos 需要 Linux x64 或 arm64 上的 Node 24。`,
        };
    return { outcome: isFit ? 'good' : 'bad', says, facts };
  },

  database: async ({ settings }) => {
    try {
      const { embedded, version, account } = await probeDatabase(settings.data, settings.databaseUrl);
      const says = embedded
        ? {
            en: `PostgreSQL ${version} (embedded) runs as ${account}.`,
            zh: `PostgreSQL ${version}（内置）以 ${account} 身份运行。`,
          }
        : { en: `PostgreSQL ${version} (given) answers.`, zh: `PostgreSQL ${version}（外部）连接正常。` };
      return { outcome: 'good', says, facts: { embedded, version, account } };
    } catch (error) {
      const why = sayError(error);
      return {
        outcome: 'bad',
        says: { en: `PostgreSQL: ${why}.`, zh: `PostgreSQL 不可用：${why}。` },
        facts: {},
      };
    }
  },

  ffmpeg: async ({ settings }) => {
    const off = {
      en: 'Pictures, and H.265 for browsers without it, are off; recording, live view and playback are not. To have it: apt-get install ffmpeg',
      zh: '图片以及面向不支持 H.265 的浏览器的转码不可用，录像、实时查看和回放不受影响。安装命令：apt-get install ffmpeg',
    };
    const none = { en: `No FFmpeg. ${off.en}`, zh: `未找到 FFmpeg。${off.zh}` };
    if (settings.ffmpeg === null) return { outcome: 'note', says: none, facts: { path: null } };
    try {
      const { stdout } = await run(settings.ffmpeg, ['-hide_banner', '-version'], { timeout: programMs });
      const version = /version (\S+)/.exec(stdout)?.[1] ?? 'of unknown version';
      const says = {
        en: `FFmpeg ${version} at ${settings.ffmpeg}.`,
        zh: `FFmpeg ${version}，位于 ${settings.ffmpeg}。`,
      };
      return { outcome: 'good', says, facts: { path: settings.ffmpeg, version } };
    } catch (error) {
      const why = sayError(error).split('\n')[0];
      const says = { en: `FFmpeg does not run: ${why}. ${off.en}`, zh: `FFmpeg 无法运行：${why}。${off.zh}` };
      return { outcome: 'note', says, facts: { path: settings.ffmpeg } };
    }
  },

  fonts: async () => {
    const program = findProgram('fc-list');
    const listed = program ? (await run(program, [':lang=zh', 'family'], { timeout: programMs })).stdout : '';
    const family = listed.split('\n')[0]?.split(',')[0]?.trim() ?? '';
    if (family !== '') {
      return {
        outcome: 'good',
        says: { en: `A Chinese font: ${family}.`, zh: `中文字体：${family}。` },
        facts: { family },
      };
    }
    const says = {
      en: 'No Chinese font: Chinese text in pictures made here would not be readable. To have one: apt-get install fonts-noto-cjk',
      zh: '未找到中文字体：本机生成的图片中的中文将无法显示。安装命令：apt-get install fonts-noto-cjk',
    };
    return { outcome: 'note', says, facts: { family: null } };
  },

  space: async ({ settings }) => {
    const at = nearestFolder(settings.data);
    const disk = await statfs(at);
    const freeBytes = disk.bavail * disk.bsize;
    const totalBytes = disk.blocks * disk.bsize;
    const isEnough = freeBytes >= leastFreeBytes;
    const seen = `${gigabytes(freeBytes)} / ${gigabytes(totalBytes)} GB`;
    const says = {
      en: `${seen} are free for ${settings.data}${isEnough ? '.' : ': too little. A camera at 4 Mb/s takes 43 GB a day.'}`,
      zh: `${settings.data} 可用空间 ${seen}${isEnough ? '。' : '，空间不足：一路 4 Mb/s 的摄像机每天约占 43 GB。'}`,
    };
    return {
      outcome: isEnough ? 'good' : 'bad',
      says,
      facts: { path: settings.data, freeBytes, totalBytes },
    };
  },

  writing: async ({ settings, clock }) => {
    const facts = measureWriting(nearestFolder(settings.data), clock);
    const kind = writeClass(facts);
    const seen = `${Math.round(facts.megabytesPerSecond)} MB/s, ${facts.syncMs.toFixed(1)} ms`;
    const words = {
      fast: { en: 'fast', zh: '快' },
      fair: { en: 'fair', zh: '中等' },
      slow: { en: 'slow: fit for a few cameras only', zh: '慢：仅适合少量摄像机' },
    };
    const says = {
      en: `The disk writes ${seen} to force a write: ${words[kind].en}.`,
      zh: `磁盘写入 ${seen}（强制落盘）：${words[kind].zh}。`,
    };
    return { outcome: kind === 'slow' ? 'note' : 'good', says, facts: { ...facts, class: kind } };
  },

  rights: async ({ settings }) => {
    const openFiles = Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity,
    );
    const mode = statSync(settings.data, { throwIfNoEntry: false })?.mode ?? 0o700;
    const isClosed = (mode & 0o007) === 0;
    const hasFiles = openFiles >= leastOpenFiles;
    const facts = { openFiles, dataMode: (mode & 0o777).toString(8), uid: process.getuid?.() ?? null };
    if (isClosed && hasFiles) {
      const says = {
        en: `${settings.data} is closed to others; ${openFiles} files may be open.`,
        zh: `${settings.data} 对其他用户不可访问；可同时打开 ${openFiles} 个文件。`,
      };
      return { outcome: 'good', says, facts };
    }
    const says = isClosed
      ? {
          en: `Only ${openFiles} files may be open at once: raise ulimit -n to ${leastOpenFiles}.`,
          zh: `最多只能同时打开 ${openFiles} 个文件：请将 ulimit -n 提高到 ${leastOpenFiles}。`,
        }
      : {
          en: `Everybody on this machine can look into ${settings.data}: chmod 700.`,
          zh: `本机所有用户都能访问 ${settings.data}：请执行 chmod 700。`,
        };
    return { outcome: isClosed ? 'note' : 'bad', says, facts };
  },

  port: async ({ settings: { host, port } }) => {
    const error = await tryToListen(host, port);
    const where = `${host}:${port}`;
    if (error === null) {
      return {
        outcome: 'good',
        says: { en: `${where} is free.`, zh: `${where} 空闲。` },
        facts: { host, port, state: 'free' },
      };
    }
    if (error.code === 'EADDRINUSE' && (await answersAsCustos(host, port))) {
      const says = { en: `A Custos answers at ${where}.`, zh: `${where} 上已有 Custos 在运行。` };
      return { outcome: 'good', says, facts: { host, port, state: 'custos' } };
    }
    const says = {
      en: `Custos cannot listen on ${where}: ${error.message}.`,
      zh: `无法监听 ${where}：${error.message}。`,
    };
    return { outcome: 'bad', says, facts: { host, port, state: error.code ?? 'unknown' } };
  },

  clock: async ({ clock }) => {
    const nowMs = clock.wallMs();
    const synchronised = await isSynchronised();
    const facts = { now: rfc3339(nowMs), synchronised };
    if (nowMs < builtAtMs) {
      const says = {
        en: `The clock shows ${facts.now}, which is in the past: set it.`,
        zh: `系统时钟为 ${facts.now}，早于软件发布时间，请校准。`,
      };
      return { outcome: 'bad', says, facts };
    }
    const words = {
      true: { en: 'and is kept by a time server', zh: '已与时间服务器同步' },
      false: {
        en: 'and no time server keeps it: recorded times will drift',
        zh: '未与时间服务器同步，录像时间会逐渐偏移',
      },
      null: {
        en: 'and whether a time server keeps it cannot be seen from here',
        zh: '此处无法确认是否与时间服务器同步',
      },
    }[String(synchronised) as 'true' | 'false' | 'null'];
    const says = {
      en: `The clock shows ${facts.now}, ${words.en}.`,
      zh: `系统时钟为 ${facts.now}，${words.zh}。`,
    };
    return { outcome: synchronised === true ? 'good' : 'note', says, facts };
  },
};

/** The folder itself or the first one above it that exists. */
function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(join(path, '..'));
}

/** Sequential writes of 1 MB, each forced to the disk as the recorder's and the database's are in the end. */
function measureWriting(folder: string, clock: Clock): { megabytesPerSecond: number; syncMs: number } {
  const file = join(folder, `.custos-probe-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const fd = openSync(file, 'wx', 0o600);
  try {
    const block = Buffer.alloc(1024 * 1024, 0x5a);
    const startedMs = clock.monoMs();
    for (let written = 0; written < probeBytes; written += block.length) writeSync(fd, block);
    fdatasyncSync(fd);
    const tookMs = clock.monoMs() - startedMs;
    const syncs = Array.from({ length: 20 }, () => {
      const fromMs = clock.monoMs();
      writeSync(fd, block, 0, 8_192);
      fdatasyncSync(fd);
      return clock.monoMs() - fromMs;
    }).sort((a, b) => a - b);
    return { megabytesPerSecond: probeBytes / 1e3 / Math.max(tookMs, 0.001), syncMs: syncs[10] as number };
  } finally {
    closeSync(fd);
    rmSync(file, { force: true });
  }
}

/** 64 cameras at 4 Mb/s write 32 MB/s; a sync above 30 ms is a busy spinning disk. */
function writeClass(of: { megabytesPerSecond: number; syncMs: number }): 'fast' | 'fair' | 'slow' {
  if (of.megabytesPerSecond >= 200 && of.syncMs <= 5) return 'fast';
  return of.megabytesPerSecond >= 40 && of.syncMs <= 30 ? 'fair' : 'slow';
}

function tryToListen(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

async function answersAsCustos(host: string, port: number): Promise<boolean> {
  const name = host.includes(':') ? `[${host}]` : host;
  try {
    const reply = await fetch(`http://${name}:${port}/api/health`, { signal: AbortSignal.timeout(3_000) });
    const body = (await reply.json()) as { status?: unknown };
    return ['ok', 'degraded', 'down'].includes(String(body.status));
  } catch {
    return false; // Whatever it is, it does not speak as we do.
  }
}

/** Null: this system does not say. */
async function isSynchronised(): Promise<boolean | null> {
  const program = findProgram('timedatectl');
  if (!program) return null;
  try {
    const { stdout } = await run(program, ['show', '--property=NTPSynchronized', '--value'], {
      timeout: programMs,
    });
    return stdout.trim() === 'yes' ? true : stdout.trim() === 'no' ? false : null;
  } catch {
    return null; // No systemd in a container.
  }
}
