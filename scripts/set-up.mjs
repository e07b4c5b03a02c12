/**
 * What `npm start`, `npm test` and the others need before TypeScript can run: packages, the pinned Node, system
 * programs where this user may install them, the built console. Plain JavaScript that an old Node (20) can run; it
 * says on stderr what it does, so that stdout stays for what was asked for.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const modules = join(root, 'node_modules');
const lockStamp = join(modules, '.custos-lock');
const aptStamp = join(modules, '.custos-apt');

const bounds = {
  installMs: 600_000,
  aptUpdateMs: 60_000,
  aptInstallMs: 420_000,
  buildMs: 300_000,
  probeMs: 20_000,
};
/** After apt failed once, a start is not held up by it again for a day. */
const aptPauseMs = 24 * 3_600_000;

const isChinese = (process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '').startsWith('zh');

/** @param {string} en @param {string} zh */
export const inBoth = (en, zh) => (isChinese ? zh : en);

/** @param {string} en @param {string} zh */
export function say(en, zh) {
  process.stderr.write(`custos: ${inBoth(en, zh)}\n`);
}

/** Ends the set-up with one sentence; code 2 is "could not run". */
export class SetUpProblem extends Error {}

/** Runs an entry point: a `SetUpProblem` is a sentence, anything else keeps its stack. */
export async function main(work) {
  try {
    process.exitCode = await work(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(
      error instanceof SetUpProblem ? `custos: ${error.message}\n` : `${error?.stack ?? error}\n`,
    );
    process.exitCode = 2;
  }
}

// ---- packages ----

/** Installs when node_modules does not hold what package-lock.json names. */
export async function ensurePackages() {
  const wanted = sha256(readFileSync(join(root, 'package-lock.json')));
  const stamped = existsSync(lockStamp) ? readFileSync(lockStamp, 'utf8').trim() : '';
  if (stamped === wanted && existsSync(nodePath())) return;
  if (!holdsEverything()) {
    say('installing packages (npm ci) …', '正在安装依赖包（npm ci）…');
    await npmCi();
  }
  if (!existsSync(nodePath())) throw new SetUpProblem(noNode());
  stamp(lockStamp, wanted);
}

/** npm's own record of what it put there: true after an `npm install` by hand, which needs no second one. */
function holdsEverything() {
  const record = join(modules, '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const held = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.keys(wanted).every((path) => {
    if (path === '') return true;
    if (!held[path]) return wanted[path].optional === true;
    return held[path].version === wanted[path].version;
  });
}

/**
 * Exactly what the lock names. A registry that lacks a package for some other platform makes `npm ci` call the lock
 * out of step; `npm install` then takes the same versions and leaves the lock alone.
 */
async function npmCi() {
  const own = process.env.npm_execpath;
  const [command, first] = own?.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, tail } = await run(command, [...first, 'ci', ...options], { boundMs: bounds.installMs });
  if (code === 0) return;
  const again = /EUSAGE/.test(tail)
    ? await run(command, [...first, 'install', '--no-save', ...options], { boundMs: bounds.installMs })
    : { code, tail };
  if (again.code === 0) return;
  const why = again.tail.trim().split('\n').slice(0, 15).join('\n');
  throw new SetUpProblem(
    inBoth(`npm could not install (${again.code}):\n${why}`, `npm 安装失败（${again.code}）：\n${why}`),
  );
}

/** The pinned Node that runs everything of ours. */
export function nodePath() {
  return join(modules, `node-linux-${process.arch}`, 'bin', 'node');
}

function noNode() {
  return inBoth(
    `there is no pinned Node for ${process.platform}-${process.arch}: Custos runs on Linux x64 and arm64.`,
    `没有适用于 ${process.platform}-${process.arch} 的 Node：Custos 仅支持 Linux x64 与 arm64。`,
  );
}

// ---- system programs ----

/** @typedef {{packages: string[], isThere: () => boolean, en: string, zh: string}} Wish */

/** @type {Record<string, Wish>} */
const wishes = {
  ffmpeg: {
    packages: ['ffmpeg'],
    isThere: () => inPath('ffmpeg'),
    en: 'FFmpeg is missing: pictures and H.265 for browsers without it are off (recording, live view and playback are not)',
    zh: '缺少 FFmpeg：图片以及面向不支持 H.265 的浏览器的转码不可用（录像、实时查看和回放不受影响）',
  },
  fonts: {
    packages: ['fonts-noto-cjk'],
    isThere: hasChineseFont,
    en: 'a Chinese font is missing: Chinese text in pictures made on this machine will not be readable',
    zh: '缺少中文字体：本机生成的图片中的中文将无法显示',
  },
  chromium: {
    packages: ['chromium'],
    isThere: () => inPath('chromium'),
    en: 'Chromium is missing: the tests of the console cannot run',
    zh: '缺少 Chromium：无法运行控制台测试',
  },
  gstreamer: {
    packages: [
      'python3-gi',
      'gir1.2-gst-rtsp-server-1.0',
      'gstreamer1.0-rtsp',
      'gstreamer1.0-tools',
      'gstreamer1.0-plugins-base',
      'gstreamer1.0-plugins-good',
      'gstreamer1.0-plugins-bad',
      'gstreamer1.0-plugins-ugly',
    ],
    isThere: hasRtspServer,
    en: "GStreamer's RTSP server is missing: the tests against a foreign camera server cannot run",
    zh: '缺少 GStreamer RTSP 服务器：无法运行针对第三方信号源的测试',
  },
  ceph: {
    packages: ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-common', 's3cmd'],
    isThere: () => ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph', 's3cmd'].every(inPath),
    en: "Ceph's gateway is missing: the tests against a real S3 server cannot run",
    zh: '缺少 Ceph 网关：无法运行针对真实 S3 服务的测试',
  },
};

/**
 * Installs through apt what is missing, where we may; else one sentence each. It never fails: nothing here is needed
 * for collecting, recording and playing.
 * @param {(keyof typeof wishes)[]} names
 */
export async function ensurePrograms(names) {
  const missing = () => names.map((name) => wishes[name]).filter((wish) => !wish.isThere());
  if (missing().length > 0 && mayUseApt()) await aptInstall(missing().flatMap((wish) => wish.packages));
  for (const wish of missing()) {
    const command = `${process.getuid?.() === 0 ? '' : 'sudo '}apt-get install -y ${wish.packages.join(' ')}`;
    say(`${wish.en}. To have it: ${command}`, `${wish.zh}。安装命令：${command}`);
  }
}

function mayUseApt() {
  if (process.env.CUSTOS_NO_APT === '1' || process.getuid?.() !== 0 || !inPath('apt-get')) return false;
  const triedAt = statSync(aptStamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - triedAt > aptPauseMs;
}

/** Downloading may be cut at any moment; unpacking is left to end, or dpkg would have to be repaired by hand. */
async function aptInstall(packages) {
  const list = packages.join(' ');
  say(`installing ${list} (apt) …`, `正在安装 ${list}（apt）…`);
  const options = [
    '-y',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=30',
    '-o',
    'Acquire::Retries=1',
    '-o',
    'Acquire::http::Timeout=20',
  ];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '--no-install-recommends', ...packages];
  const steps = [
    { args: ['update'], boundMs: bounds.aptUpdateMs, mayFail: true },
    { args: [...install, '--download-only'], boundMs: bounds.aptInstallMs },
    { args: [...install, '--no-download'], boundMs: null },
  ];
  for (const { args, boundMs, mayFail } of steps) {
    const { code, tail } = await run('apt-get', [...options, ...args], { boundMs, env });
    if (code === 0 || mayFail) continue;
    stamp(aptStamp, '');
    const why = tail.trim().split('\n').at(-1) ?? '';
    return say(`apt could not install them: ${why}`, `apt 安装失败：${why}`);
  }
}

function hasChineseFont() {
  const folders = ['/usr/share/fonts', '/usr/local/share/fonts', join(process.env.HOME ?? '/', '.fonts')];
  const listed = spawnSync('fc-list', [':lang=zh', 'family'], { encoding: 'utf8', timeout: bounds.probeMs });
  if (listed.status === 0) return listed.stdout.trim() !== '';
  const files = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true }));
  return files.some((file) => /cjk|wqy|wenquanyi|sourcehan|droidsansfallback/i.test(String(file)));
}

function hasRtspServer() {
  const script =
    "import gi; gi.require_version('GstRtspServer','1.0'); from gi.repository import GstRtspServer";
  const plugins = ['x264enc', 'rtph265pay'];
  return (
    spawnSync('/usr/bin/python3', ['-c', script], { timeout: bounds.probeMs }).status === 0 &&
    plugins.every(
      (name) => spawnSync('gst-inspect-1.0', ['--exists', name], { timeout: bounds.probeMs }).status === 0,
    )
  );
}

export function inPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there: the next folder may have it.
  }
}

// ---- the console ----

/**
 * Builds `web/dist` when what it is made of has changed since. Built beside it and put in its place when whole: a
 * server that runs, or a second start, never sees half a console.
 */
export async function ensureConsole() {
  const dist = join(root, 'web', 'dist');
  const stampFile = join(dist, '.custos-sources');
  const wanted = hashOfSources();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  say('building the console (vite) …', '正在构建控制台（vite）…');
  const draft = join(modules, '.cache', `custos-console-${process.pid}`);
  try {
    await buildConsole(draft);
    writeFileSync(join(draft, '.custos-sources'), wanted);
    rmSync(dist, { recursive: true, force: true });
    renameSync(draft, dist);
  } catch (error) {
    if (error instanceof SetUpProblem) throw error;
    // Another start may have put the same console there in this moment.
    const isThere = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted;
    if (!isThere)
      throw new SetUpProblem(
        inBoth(`cannot write ${dist}: ${error.message}`, `无法写入 ${dist}：${error.message}`),
      );
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function buildConsole(to) {
  const vite = join(modules, 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', 'web', '--logLevel', 'warn', '--outDir', to, '--emptyOutDir'];
  const { code, tail } = await run(nodePath(), args, { boundMs: bounds.buildMs });
  if (code === 0) return;
  throw new SetUpProblem(inBoth(`the console cannot be built:\n${tail}`, `控制台构建失败：\n${tail}`));
}

function hashOfSources() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const folder of ['web', 'src/contract', 'src/law']) {
    for (const file of filesIn(join(root, folder)))
      hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** @returns {string[]} */
function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (path === join(root, 'web', 'dist')) return [];
    return entry.isDirectory() ? filesIn(path) : entry.isFile() ? [path] : [];
  });
}

// ---- helpers ----

/** A stamp only saves time: where it cannot be written (packages of another user) the next start looks again. */
function stamp(file, text) {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch {
    // See above.
  }
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * A bounded child. Its output is kept, not shown; every ten seconds a line says that it still works. An interrupt
 * ends it and us.
 * @returns {Promise<{code: number | string, tail: string}>}
 */
export function run(command, args, { boundMs, env = process.env }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    const keep = (bytes) => {
      tail = (tail + bytes).slice(-8_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const started = Date.now();
    const tick = setInterval(() => {
      const seconds = Math.round((Date.now() - started) / 1_000);
      say(`… still at it, ${seconds} s`, `… 进行中，已 ${seconds} 秒`);
    }, 10_000);
    const bound = boundMs === null ? undefined : setTimeout(() => child.kill('SIGTERM'), boundMs);
    const interrupt = (signal) => {
      child.kill(signal);
      process.exit(130);
    };
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
    const finish = (code) => {
      clearInterval(tick);
      clearTimeout(bound);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      resolve({ code, tail });
    };
    child.once('error', (error) => finish(error.message));
    child.once('close', (code, signal) => finish(code ?? signal ?? 1));
  });
}

/**
 * The pinned Node in this process group, with our input and output. Signals are passed on; whatever is left after
 * `patienceMs` is killed. Resolves to its exit code, 128 and more for a signal, as a shell would say.
 * @returns {Promise<number>}
 */
export function runNode(args, { patienceMs = 9_500, env = process.env } = {}) {
  // Should we be killed outright, the kernel tells the child to end.
  const [command, first] = inPath('setpriv')
    ? ['setpriv', ['--pdeathsig', 'TERM', nodePath()]]
    : [nodePath(), []];
  const child = spawn(command, [...first, ...args], { stdio: 'inherit', env });
  let last;
  const pass = (signal) => {
    child.kill(signal);
    last ??= setTimeout(() => child.kill('SIGKILL'), patienceMs);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => pass(signal));
  const watch = watchNpm(() => pass('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(last);
      clearInterval(watch);
      resolve(code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0));
    });
  });
}

/** npm that is killed tells nobody, nor does the shell between it and us: we notice that one of them has another parent. */
function watchNpm(onGone) {
  if (!process.env.npm_lifecycle_event) return undefined;
  const before = npmChain();
  const watch = setInterval(() => {
    if (npmChain() === before) return;
    clearInterval(watch);
    onGone();
  }, 500);
  watch.unref();
  return watch;
}

/** Our parent, and where that is a shell, its parent. */
function npmChain() {
  try {
    const [, name, rest] = /\((.*)\) \S (.*)/s.exec(readFileSync(`/proc/${process.ppid}/stat`, 'utf8')) ?? [];
    return /^(ba|da)?sh$/.test(name) ? `${process.ppid} ${rest.split(' ')[0]}` : `${process.ppid}`;
  } catch {
    return ''; // The parent is just ending.
  }
}
