/** How a typed camera address is taken apart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../../src/base/index.ts';
import { readAddress } from '../../src/collect/address.ts';

test('an address without credentials stays as it is', () => {
  for (const url of [
    'rtsp://10.0.0.5/ch1',
    'rtsps://cam.example:322/a?b=c#d',
    'rtsp://[fe80::1]:8554/x',
    'rtsp://h',
  ]) {
    assert.deepEqual(readAddress(url), { url, user: null, password: null });
  }
});

test('credentials are taken out, escaped or not', () => {
  const cases: [string, string, string, string][] = [
    ['rtsp://admin:secret@cam/ch1', 'rtsp://cam/ch1', 'admin', 'secret'],
    ['RTSP://admin:p%40ss@cam:554/ch1', 'rtsp://cam:554/ch1', 'admin', 'p@ss'],
    ['rtsp://admin:100%@cam/ch1', 'rtsp://cam/ch1', 'admin', '100%'],
    ['rtsp://admin@cam/', 'rtsp://cam/', 'admin', ''],
    [
      'rtsp://admin:p@ss:w/rd#?%^[ü@127.0.0.1:554/live?x=1',
      'rtsp://127.0.0.1:554/live?x=1',
      'admin',
      'p@ss:w/rd#?%^[ü',
    ],
    ['rtsp://admin:a?b@cam/ch', 'rtsp://cam/ch', 'admin', 'a?b'],
    ['rtsp://admin:a#b@[::1]:554/ch', 'rtsp://[::1]:554/ch', 'admin', 'a#b'],
    ['rtsp://admin:a/b@cam/user@home/ch', 'rtsp://home/ch', 'admin', 'a/b@cam/user'],
  ];
  for (const [typed, url, user, password] of cases)
    assert.deepEqual(readAddress(typed), { url, user, password });
});

test('an @ in the path of a plain host is no credential', () => {
  assert.deepEqual(readAddress('rtsp://cam:554/user@example/ch1'), {
    url: 'rtsp://cam:554/user@example/ch1',
    user: null,
    password: null,
  });
});

test('what is no camera address is refused', () => {
  for (const typed of [
    '',
    'cam',
    'http://cam/',
    'rtsp://',
    'rtsp:///x',
    'rtsp://a b/',
    'rtsp://cam\r\nX: y/',
    'rtsp://cam:99999/',
    'rtsp://u:p@/x',
  ]) {
    assert.throws(
      () => readAddress(typed),
      (error) => error instanceof Refusal && error.code === 'camera.url',
      typed,
    );
  }
});

test('whatever the password, it never stays in the address, and comes out as it went in', () => {
  const awkward = fc.string({ unit: fc.constantFrom(...'aZ09@#?/%:^[]!$&ü密'), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(awkward, (password) => {
      const {
        url,
        user,
        password: read,
      } = readAddress(`rtsp://admin:${encodeURIComponent(password)}@10.1.2.3:554/s`);
      assert.equal(url, 'rtsp://10.1.2.3:554/s');
      assert.equal(user, 'admin');
      assert.equal(read, password);
    }),
  );
});

test('any text is read or refused, nothing else', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `rtsp://${text}`),
      ),
      (typed) => {
        try {
          assert.ok(readAddress(typed).url.startsWith('rtsp'));
        } catch (error) {
          assert.ok(error instanceof Refusal, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
