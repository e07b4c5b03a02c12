/** The console's pure parts: export, codec names, password strength, times, addresses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codecFamily, codecInFull } from '../../web/src/codec.ts';
import { toCsv } from '../../web/src/csv.ts';
import { isGoodEnough, leastPasswordLength, makePassword, strengthOf } from '../../web/src/strength.ts';
import { sayBytes, saySpan, sayTime, timeParts } from '../../web/src/time.ts';

/** As a spreadsheet reads it: RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/gy;
  let body = text.replace(/^\uFEFF/, '');
  body = body.replace(/\r\n$/, '');
  for (;;) {
    const found = field.exec(body);
    if (!found) throw new Error(`not CSV at ${field.lastIndex}`);
    rows.at(-1)?.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === '') return rows;
    if (found[3] === '\r\n') rows.push([]);
  }
}

test('what is exported is read back as it was, but never as a formula', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string()), { minLength: 1, maxLength: 8 }),
      (rows) => {
        const read = readCsv(toCsv(['a', 'b'], rows)).slice(1);
        assert.equal(read.length, rows.length);
        for (const [i, row] of rows.entries()) {
          for (const [j, text] of row.entries()) {
            const back = read[i]?.[j] ?? '';
            assert.ok(back === text || back === `'${text}`, JSON.stringify([text, back]));
            assert.doesNotMatch(back, /^\s*[=+\-@|%]/);
          }
        }
      },
    ),
  );
});

test('a name that is a formula is defused in the export, a negative number is not', () => {
  const csv = toCsv(['name', 'ms'], [['=HYPERLINK("http://x")', -12]]);
  assert.equal(csv, '\uFEFFname,ms\r\n"\'=HYPERLINK(""http://x"")",-12\r\n');
});

test('codecs are called what people call them', () => {
  assert.equal(codecInFull('avc1.640028'), 'H.264 High 4.0');
  assert.equal(codecInFull('avc1.42C01E'), 'H.264 Baseline 3.0');
  assert.equal(codecInFull('hvc1.1.6.L93.B0'), 'H.265 Main 3.1');
  assert.equal(codecFamily('hev1.1.6.L120.B0'), 'H.265');
  assert.equal(codecFamily('mp4v.20.9'), 'mp4v.20.9');
});

test('the strength of a password is told for the reason that matters first', () => {
  assert.equal(strengthOf('', 'li'), 'empty');
  assert.equal(strengthOf('short', 'li'), 'short');
  assert.equal(strengthOf('liming-2026', 'LiMing'), 'name');
  assert.equal(strengthOf('1234567890', 'x1'), 'repeats');
  assert.equal(strengthOf('aaaaaaaaaaaaaaaaaaaa', ''), 'repeats');
  assert.equal(strengthOf('riverwalks', 'li'), 'fair');
  assert.equal(strengthOf('an evening walk by the river', 'li'), 'strong');
  assert.equal(strengthOf('校门口的老槐树开花了真好', '李明'), 'fair');
});

test('a made password is strong and never the same twice', () => {
  const made = Array.from({ length: 200 }, makePassword);
  assert.equal(new Set(made).size, made.length);
  for (const each of made) {
    assert.match(each, /^\w{5}(-\w{5}){3}$/);
    assert.ok(isGoodEnough(strengthOf(each, 'somebody')) && each.length >= leastPasswordLength);
  }
});

test('a time carries the zone it is told in, through a change of the clocks', () => {
  assert.equal(sayTime('2026-11-22T06:03:05.000Z', 'Asia/Shanghai'), '2026-11-22 14:03:05 UTC+8');
  assert.equal(sayTime('2026-10-25T00:30:00.000Z', 'Europe/Berlin'), '2026-10-25 02:30:00 UTC+2');
  assert.equal(sayTime('2026-10-25T01:30:00.000Z', 'Europe/Berlin'), '2026-10-25 02:30:00 UTC+1');
  assert.equal(timeParts('2026-06-01T00:00:00Z', 'Asia/Kolkata').zone, 'UTC+5:30');
  assert.equal(timeParts('2026-06-01T00:00:00Z', 'UTC').zone, 'UTC+0');
});

test('amounts carry their unit', () => {
  assert.deepEqual([0, 999, 1000, 1_234_567, 4e12].map(sayBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 MB',
    '4.0 TB',
  ]);
  assert.equal(saySpan(93_784_000, 'en'), '1 d 2 h');
  assert.equal(saySpan(61_000, 'zh'), '1 分 1 秒');
  assert.equal(saySpan(0, 'en'), '0 s');
});
