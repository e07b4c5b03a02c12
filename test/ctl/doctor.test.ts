/** `npx custos`: what an administrator sees, and what a script can rely on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { command as custos } from '../support/ctl.ts';

async function inFolder(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'custos-doctor-'));
  try {
    await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

type Report = {
  fit: boolean;
  checks: { name: string; outcome: string; en: string; zh: string; facts: { state?: string } }[];
};

async function examine(
  args: string[],
  environment?: Record<string, string>,
): Promise<Report & { code: number }> {
  const { code, out } = await custos(['doctor', '--json', ...args], environment);
  return { ...(JSON.parse(out) as Report), code };
}

test('a fit machine is called fit, in a sentence a check, and nothing is left in the data folder', async () => {
  await inFolder(async (dir) => {
    const { code, out } = await custos(['doctor', '--data', dir, '--port', '0']);
    assert.equal(code, 0, out);
    assert.match(out, /^✔ Node 24\./m);
    assert.match(out, /^✔ PostgreSQL 18\.\d+ \(embedded\) runs as \w+\.$/m);
    assert.match(out, /MB\/s/);
    assert.deepEqual(readdirSync(dir), []);
  });
});

test('every check speaks both languages and gives its facts', async () => {
  await inFolder(async (dir) => {
    const { checks, fit } = await examine(['--data', dir, '--port', '0']);
    assert.equal(fit, true);
    const expected = [
      'runtime',
      'database',
      'ffmpeg',
      'fonts',
      'space',
      'writing',
      'rights',
      'port',
      'clock',
    ];
    assert.deepEqual(
      checks.map((check) => check.name),
      expected,
    );
    for (const check of checks) {
      assert.match(check.zh, /\p{Script=Han}.*。$|apt-get install [a-z-]+$/u);
      assert.doesNotMatch(check.en, /\p{Script=Han}/u);
    }
  });
});

test('a port that another program has is found; one where Custos answers is not a finding', async () => {
  await inFolder(async (dir) => {
    const stranger = createSocket((socket) => socket.destroy()).listen(0, '127.0.0.1');
    const own = createServer((_request, reply) => reply.end('{"status":"ok"}')).listen(0, '127.0.0.1');
    await Promise.all([once(stranger, 'listening'), once(own, 'listening')]);
    const portOf = (server: { address(): unknown }) => String((server.address() as AddressInfo).port);
    try {
      const taken = await examine(['--data', dir, '--port', portOf(stranger)]);
      assert.equal(taken.code, 1);
      assert.equal(taken.checks.find((check) => check.name === 'port')?.outcome, 'bad');
      const ours = await examine(['--data', dir, '--port', portOf(own)]);
      assert.equal(ours.checks.find((check) => check.name === 'port')?.facts.state, 'custos');
      assert.equal(ours.code, 0);
    } finally {
      stranger.close();
      own.close();
    }
  });
});

test('a data folder that everybody may read is a finding', async () => {
  await inFolder(async (dir) => {
    chmodSync(dir, 0o755);
    const { code, checks } = await examine(['--data', dir, '--port', '0']);
    assert.equal(code, 1);
    assert.equal(checks.find((check) => check.name === 'rights')?.outcome, 'bad');
  });
});

test('a given database that does not answer is a finding, and its password is not shown', async () => {
  await inFolder(async (dir) => {
    const url = 'postgresql://custos:hunter2@127.0.0.1:1/custos';
    const { code, out, said } = await custos(['doctor', '--data', dir, '--port', '0'], { DATABASE_URL: url });
    assert.equal(code, 1);
    assert.match(out, /^✖ PostgreSQL: .*ECONNREFUSED/m);
    assert.doesNotMatch(out + said, /hunter2/);
  });
});

test('without FFmpeg doctor says what is off, and calls the machine fit', async () => {
  await inFolder(async (dir) => {
    const { code, checks } = await examine(['--data', dir, '--port', '0'], { PATH: '/nowhere' });
    assert.equal(code, 0);
    assert.equal(checks.find((check) => check.name === 'ffmpeg')?.outcome, 'note');
  });
});

test('openapi prints what the server serves', async () => {
  const { code, out } = await custos(['openapi']);
  assert.equal(code, 0);
  assert.equal(JSON.parse(out).openapi, '3.1.0');
});

test('what does not exist is said with exit code 2, and help is not an error', async () => {
  assert.deepEqual([(await custos(['dokter'])).code, (await custos([])).code], [2, 2]);
  assert.deepEqual([(await custos(['--help'])).code, (await custos(['doctor', '--help'])).code], [0, 0]);
  const wrong = await custos(['doctor', '--prot', '1']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.said, /did you mean --port/);
  assert.match((await custos(['help'], { LANG: 'zh_CN.UTF-8' })).out, /退出码/);
});
