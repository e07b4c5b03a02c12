import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkNewPassword } from '../../src/gate/passwords.ts';
import { addressKey, Throttle, type ThrottleRules } from '../../src/gate/throttle.ts';

const rules: ThrottleRules = { freeTries: 5, maxWaitMs: 60_000, forgetAfterMs: 600_000, maxKeys: 50 };

test('a throttle never remembers more keys than it may, and never makes anyone wait longer than it may', () => {
  const steps = fc.array(
    fc.record({
      key: fc.integer({ min: 0, max: 200 }).map(String),
      passMs: fc.integer({ min: 0, max: 120_000 }),
      op: fc.constantFrom('count', 'forgive', 'clear'),
    }),
    { maxLength: 400 },
  );
  fc.assert(
    fc.property(steps, (run) => {
      const throttle = new Throttle(rules);
      let nowMs = 0;
      for (const { key, passMs, op } of run) {
        nowMs += passMs;
        if (op === 'count') throttle.count(key, nowMs);
        else throttle[op === 'clear' ? 'clear' : 'forgive'](key);
        assert.ok(throttle.size <= rules.maxKeys);
        const waitMs = throttle.waitMs(key, nowMs);
        assert.ok(waitMs >= 0 && waitMs <= rules.maxWaitMs);
      }
    }),
  );
});

test('whoever guesses as fast as allowed gets few tries an hour', () => {
  const throttle = new Throttle({ ...rules, maxWaitMs: 300_000, forgetAfterMs: 3_600_000 });
  let tries = 0;
  for (let nowMs = 0; nowMs < 3_600_000; nowMs += 250) {
    if (throttle.waitMs('victim', nowMs) > 0) continue;
    throttle.count('victim', nowMs);
    tries++;
  }
  assert.ok(tries > 5 && tries < 30, `${tries} tries in an hour`);
});

test('tries that arrive side by side are counted before any of them is judged', () => {
  const throttle = new Throttle(rules);
  let admitted = 0;
  for (let i = 0; i < 100; i++) {
    if (throttle.waitMs('victim', 0) > 0) continue;
    throttle.count('victim', 0);
    admitted++;
  }
  assert.equal(admitted, rules.freeTries);
});

test('after the wait the next try is allowed, and a right one clears the account', () => {
  const throttle = new Throttle(rules);
  for (let i = 0; i < 8; i++) throttle.count('k', 0);
  const waitMs = throttle.waitMs('k', 0);
  assert.ok(waitMs > 0);
  assert.equal(throttle.waitMs('k', waitMs), 0);
  throttle.clear('k');
  assert.equal(throttle.waitMs('k', 0), 0);
});

test('addresses of one IPv6 network count as one, and mapped IPv4 as IPv4', () => {
  assert.equal(addressKey('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(addressKey('192.0.2.7'), '192.0.2.7');
  assert.equal(addressKey('2001:db8:1:2:aaaa::1'), addressKey('2001:0db8:0001:0002:ffff:1:2:3'));
  assert.notEqual(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:3::1'));
  assert.equal(addressKey('fe80::1%eth0'), addressKey('fe80::2'));
  fc.assert(fc.property(fc.ipV6(), (address) => addressKey(address).length <= 20));
});

test('a new password is long, not the name, not a common one', () => {
  const refused = [
    'short',
    'Wachtmeister1',
    '1retsiemthcaW',
    '1234567890',
    'Password123',
    'aaaaaaaaaaaa',
    'QWERTYuiop',
  ];
  for (const password of refused) {
    assert.throws(() => checkNewPassword(password, 'wachtmeister1'), { code: 'password.weak' }, password);
  }
  // Ten Chinese characters are ten characters.
  for (const good of ['grün-Fahrrad', '春眠不觉晓处处闻啼鸟', 'correct horse battery'])
    checkNewPassword(good, 'wang');
});
