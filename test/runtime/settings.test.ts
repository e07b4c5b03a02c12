/** Settings are read from three places, and what is wrong is said before anything starts. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { nearest, readSettings, SettingsEnd, settingsHelp, settingsPage } from '../../src/base/settings.ts';

const page = join(import.meta.dirname, '../../docs/settings.md');

function refusal(argv: string[], environment: Record<string, string> = {}): string {
  try {
    readSettings(argv, environment);
  } catch (error) {
    assert.ok(error instanceof SettingsEnd, String(error));
    assert.equal(error.exitCode, 2);
    return error.message;
  }
  return assert.fail('was accepted');
}

function inFile(content: string, work: (file: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), 'custos-settings-'));
  try {
    const file = join(dir, 'custos.json');
    writeFileSync(file, content);
    work(file);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test('without any setting Custos serves on loopback, port 8700, into ./data', () => {
  const settings = readSettings([], {});
  assert.equal(settings.host, '127.0.0.1');
  assert.equal(settings.port, 8700);
  assert.equal(settings.data, resolve('data'));
  assert.equal(settings.demo, false);
  assert.equal(settings.ffmpeg, null);
});

test('an option wins over the environment, the environment over the file', () => {
  inFile('{"port": 1, "host": "file.example", "logLevel": "warn"}', (file) => {
    const settings = readSettings(['--port', '3', '--config', file, '--demo'], {
      CUSTOS_PORT: '2',
      CUSTOS_HOST: '::1',
      CUSTOS_BEHIND_PROXY: '1',
    });
    assert.equal(settings.port, 3);
    assert.equal(settings.host, '::1');
    assert.equal(settings.logLevel, 'warn');
    assert.equal(settings.demo, true);
    assert.equal(settings.behindProxy, true);
  });
});

test('an option may carry its value behind an equals sign', () => {
  assert.equal(readSettings(['--port=0', '--demo=false'], {}).port, 0);
  assert.equal(readSettings(['--demo=false'], { CUSTOS_DEMO: 'true' }).demo, false);
});

test('an empty variable is one that is not set', () => {
  assert.equal(readSettings([], { CUSTOS_PORT: '', DATABASE_URL: '' }).port, 8700);
});

test('a mistyped option is answered with the nearest one', () => {
  assert.equal(
    refusal(['--prot', '1']),
    'There is no option --prot; did you mean --port? --help lists them all.',
  );
  assert.match(refusal(['--tlscert', 'x']), /did you mean --tls-cert/);
  assert.doesNotMatch(refusal(['--something-else']), /did you mean/);
  assert.match(refusal(['data']), /There is no option data/);
});

test('a wrong value is answered with the form that is taken, by the name it was given under', () => {
  assert.equal(
    refusal(['--port', 'high']),
    '--port takes a whole number from 0 to 65535 (0: any free port), and "high" was given.',
  );
  assert.match(refusal([], { CUSTOS_PORT: '70000' }), /^CUSTOS_PORT takes .* "70000" was given\.$/);
  assert.match(refusal(['--port']), /--port needs a value/);
  assert.match(refusal(['--tls-cert', 'a.pem']), /go together/);
  inFile('{"prot": 1}', (file) => assert.match(refusal(['--config', file]), /"prot"; did you mean "port"/));
  inFile('{"port": null}', (file) =>
    assert.match(refusal(['--config', file]), /"port" takes a whole number/),
  );
  inFile('[1]', (file) => assert.match(refusal(['--config', file]), /JSON object/));
  inFile('{', (file) => assert.match(refusal(['--config', file]), /cannot be read as JSON/));
  assert.match(refusal(['--config', '/nowhere/custos.json']), /ENOENT/);
});

test('a secret setting is never repeated', () => {
  const url = 'mysql://me:hunter2@db/custos';
  assert.doesNotMatch(refusal([], { DATABASE_URL: url }), /hunter2/);
  assert.doesNotMatch(refusal([], { CUSTOS_METRICS_TOKEN: 'hunter2' }), /hunter2/);
  assert.match(refusal(['--database-url', url]), /There is no option --database-url/);
});

test('a Chinese terminal is answered in Chinese', () => {
  assert.match(refusal(['--prot', '1'], { LANG: 'zh_CN.UTF-8' }), /没有选项 --prot，是否指 --port？/);
  assert.match(settingsHelp({ LANG: 'zh_CN.UTF-8' }), /监听端口/);
});

test('help names every option and every variable, and is not an error', () => {
  assert.throws(
    () => readSettings(['--port', '1', '--help'], {}),
    (error) => error instanceof SettingsEnd && error.exitCode === 0 && /CUSTOS_DATA/.test(error.message),
  );
});

test('whatever is typed, there are settings or there is a sentence', () => {
  const word = fc.oneof(
    fc.constantFrom('--port', '--data', '--demo', '--tls-key', '--config', '='),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      try {
        readSettings(argv, {});
      } catch (error) {
        assert.ok(error instanceof SettingsEnd && error.message.length > 0, String(error));
      }
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => nearest(text, ['--port']) !== undefined));
});

test('docs/settings.md is current', () => {
  if (process.env.UPDATE_GOLDENS === '1') writeFileSync(page, settingsPage());
  assert.equal(readFileSync(page, 'utf8'), settingsPage(), 'print it anew with UPDATE_GOLDENS=1');
});
