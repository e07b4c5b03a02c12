/** `npm start` and `npm test` find out what is missing and install just that; npm itself is stood in for by a script. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const scripts = join(import.meta.dirname, '../../scripts');
const nodeInside = `node_modules/node-linux-${process.arch}/bin/node`;
const lock = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  },
};

/** A package with our scripts, a lock, and an `npm` that notes how it was called and does `npmDoes`. */
async function inPackage(
  npmDoes: string,
  work: (at: { dir: string; calls: () => string[] }) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'custos-set-up-'));
  try {
    cpSync(scripts, join(dir, 'scripts'), { recursive: true });
    writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock));
    mkdirSync(join(dir, 'bin'));
    writeFileSync(join(dir, 'bin/npm'), `#!/bin/sh\necho "$1" >> calls\n${npmDoes}\n`);
    chmodSync(join(dir, 'bin/npm'), 0o755);
    const file = join(dir, 'calls');
    await work({ dir, calls: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []) });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function ensurePackages(dir: string, locale = 'C'): Promise<{ code: number; said: string }> {
  writeFileSync(
    join(dir, 'scripts/try.mjs'),
    `import { ensurePackages, main } from './set-up.mjs';\nawait main(async () => { await ensurePackages(); return 0; });\n`,
  );
  const env = { PATH: `${join(dir, 'bin')}:/usr/bin:/bin`, LANG: locale };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(dir, 'scripts/try.mjs')], { env, cwd: '/' }, (error, _out, said) => {
      resolve({ code: error ? Number(error.code) : 0, said });
    });
  });
}

const putNode = `mkdir -p ${dirname(nodeInside)} && touch ${nodeInside}`;

test('packages are installed when there are none, and not a second time', async () => {
  await inPackage(putNode, async ({ dir, calls }) => {
    const first = await ensurePackages(dir);
    assert.equal(first.code, 0, first.said);
    assert.match(first.said, /installing packages/);
    const second = await ensurePackages(dir);
    assert.deepEqual([second.code, second.said], [0, '']);
    assert.deepEqual(calls(), ['ci']);
  });
});

test('a changed lock is installed; one that npm has followed already is not', async () => {
  await inPackage(putNode, async ({ dir, calls }) => {
    await ensurePackages(dir);
    const held = { packages: { 'node_modules/a': { version: '1.0.0' } } };
    const record = join(dir, 'node_modules/.package-lock.json');
    writeFileSync(record, JSON.stringify(held));
    writeFileSync(join(dir, 'package-lock.json'), JSON.stringify({ ...lock, name: 'changed' }));
    await ensurePackages(dir);
    assert.deepEqual(calls(), ['ci'], 'all that is needed is there; an optional one may be missing');
    const next = { packages: { ...lock.packages, 'node_modules/a': { version: '1.0.1' } } };
    writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(next));
    await ensurePackages(dir);
    assert.deepEqual(calls(), ['ci', 'ci']);
  });
});

test('a registry that lacks packages of other platforms does not stop the installation', async () => {
  const npm = `if [ "$1" = ci ]; then echo "npm error code EUSAGE" >&2; exit 1; fi\n${putNode}`;
  await inPackage(npm, async ({ dir, calls }) => {
    const before = readFileSync(join(dir, 'package-lock.json'), 'utf8');
    assert.equal((await ensurePackages(dir)).code, 0);
    assert.deepEqual(calls(), ['ci', 'install']);
    assert.equal(readFileSync(join(dir, 'package-lock.json'), 'utf8'), before);
  });
});

test('an installation that fails ends with what npm said, in the language of the terminal', async () => {
  await inPackage('echo "npm error network is away" >&2; exit 1', async ({ dir, calls }) => {
    const { code, said } = await ensurePackages(dir);
    assert.equal(code, 2);
    assert.match(said, /npm could not install \(1\):\nnpm error network is away/);
    assert.match((await ensurePackages(dir, 'zh_CN.UTF-8')).said, /npm 安装失败/);
    assert.deepEqual(calls(), ['ci', 'ci']);
  });
});

test('a platform without the pinned Node is told so', async () => {
  await inPackage('mkdir -p node_modules', async ({ dir }) => {
    const { code, said } = await ensurePackages(dir);
    assert.equal(code, 2);
    assert.match(said, /Custos runs on Linux x64 and arm64/);
  });
});

const isRoot = process.getuid?.() === 0;

/** Looks for FFmpeg with an `apt-get` that notes what it was asked and does `aptDoes`; nothing else is in PATH. */
async function ensureFfmpeg(
  dir: string,
  aptDoes: string,
  environment: Record<string, string> = {},
): Promise<string> {
  const bin = join(dir, 'bin');
  const shell = `#!/bin/sh\nfor word; do case "$word" in -*|*=*) ;; *) echo "$word" ;; esac; done | head -1 >> ${dir}/calls\n`;
  writeFileSync(join(bin, 'apt-get'), `${shell}${aptDoes}\n`);
  chmodSync(join(bin, 'apt-get'), 0o755);
  mkdirSync(join(dir, 'node_modules'), { recursive: true });
  writeFileSync(
    join(dir, 'scripts/try.mjs'),
    `import { ensurePrograms } from './set-up.mjs';\nawait ensurePrograms(['ffmpeg']);\n`,
  );
  // The stand-in is a shell script and needs its tools; they lie where no FFmpeg does.
  for (const tool of ['sh', 'head', 'touch', 'chmod']) {
    if (!existsSync(join(bin, tool))) symlinkSync(`/bin/${tool}`, join(bin, tool));
  }
  const env = { PATH: bin, LANG: 'C', ...environment };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(dir, 'scripts/try.mjs')], { env, cwd: dir }, (error, _out, said) => {
      if (error) reject(error);
      else resolve(said);
    });
  });
}

test('as root FFmpeg is fetched by apt, and then nothing is said of it', {
  skip: isRoot ? false : 'needs root',
}, async () => {
  await inPackage('', async ({ dir, calls }) => {
    const install = 'case "$*" in *--no-download*) touch bin/ffmpeg; chmod 755 bin/ffmpeg ;; esac';
    const said = await ensureFfmpeg(dir, install);
    assert.deepEqual(calls(), ['update', 'install', 'install']);
    assert.match(said, /installing ffmpeg \(apt\)/);
    assert.doesNotMatch(said, /missing/);
    assert.equal(await ensureFfmpeg(dir, install), '');
  });
});

test('an apt that fails costs one try a day, and the start goes on', {
  skip: isRoot ? false : 'needs root',
}, async () => {
  await inPackage('', async ({ dir, calls }) => {
    const first = await ensureFfmpeg(dir, 'echo "E: no such host" >&2; exit 100');
    assert.match(first, /apt could not install them: E: no such host/);
    assert.match(first, /FFmpeg is missing: .*To have it: apt-get install -y ffmpeg/);
    const second = await ensureFfmpeg(dir, 'exit 100');
    assert.doesNotMatch(second, /installing/);
    assert.deepEqual(calls(), ['update', 'install']);
  });
});

test('who does not want apt, or may not use it, is told the command', async () => {
  await inPackage('', async ({ dir, calls }) => {
    const said = await ensureFfmpeg(dir, '', { CUSTOS_NO_APT: '1' });
    assert.match(
      said,
      /FFmpeg is missing: .*recording, live view and playback are not.*apt-get install -y ffmpeg/,
    );
    assert.match(
      await ensureFfmpeg(dir, '', { CUSTOS_NO_APT: '1', LANG: 'zh_CN.UTF-8' }),
      /缺少 FFmpeg.*安装命令/,
    );
    assert.deepEqual(calls(), []);
  });
});
