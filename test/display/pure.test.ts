/** The pure parts of display: ranges, playlists, and which stream a browser is shown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseLive } from '../../src/display/choose.ts';
import { anomaliesIn, isSameFile, playlist, readRange, type UseRow } from '../../src/display/index.ts';

test('a range is read as RFC 9110 says', () => {
  const cases: [string | undefined, unknown][] = [
    [undefined, { kind: 'whole' }],
    ['bytes=0-', { kind: 'part', from: 0, to: 1000 }],
    ['bytes=0-0', { kind: 'part', from: 0, to: 1 }],
    ['bytes=999-', { kind: 'part', from: 999, to: 1000 }],
    ['bytes=10-5000', { kind: 'part', from: 10, to: 1000 }],
    ['bytes=-100', { kind: 'part', from: 900, to: 1000 }],
    ['bytes=-5000', { kind: 'part', from: 0, to: 1000 }],
    ['bytes=-0', { kind: 'none' }],
    ['bytes=1000-', { kind: 'none' }],
    ['bytes=5-2', { kind: 'whole' }],
    ['bytes=0-1,5-6', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['items=0-5', { kind: 'whole' }],
    ['bytes=0x1-2', { kind: 'whole' }],
  ];
  for (const [header, expected] of cases) assert.deepEqual(readRange(header, 1000), expected, header);
  assert.ok(isSameFile(undefined, '"a"') && isSameFile('"a"', '"a"'));
  assert.ok(!isSameFile('W/"a"', '"a"') && !isSameFile('Sun, 22 Nov 2026 08:00:00 GMT', '"a"'));
});

test('whatever the header, the part lies inside of the file', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.integer(), fc.integer()).map(([a, b]) => `bytes=${a}-${b}`),
    fc.nat().map((n) => `bytes=-${n}`),
    fc.nat().map((n) => `bytes=${n}-`),
  );
  fc.assert(
    fc.property(header, fc.integer({ min: 1, max: 1e12 }), (text, bytes) => {
      const wanted = readRange(text, bytes);
      if (wanted.kind !== 'part') return;
      assert.ok(wanted.from >= 0 && wanted.from < wanted.to && wanted.to <= bytes);
    }),
  );
});

test('a viewer gets what the browser plays: main, else sub, else a conversion, else a reason', () => {
  const avc = 'avc1.640028';
  const hevc = 'hvc1.1.6.L120.90';
  const offer = { wanted: 'auto', main: avc, sub: avc, h265: false, noTranscode: null } as const;
  const cases: [Parameters<typeof chooseLive>[0], unknown][] = [
    [offer, { stream: 'main', transcoded: false }],
    [
      { ...offer, wanted: 'sub' },
      { stream: 'sub', transcoded: false },
    ],
    [
      { ...offer, wanted: 'sub', sub: undefined },
      { stream: 'main', transcoded: false },
    ],
    [
      { ...offer, main: hevc },
      { stream: 'sub', transcoded: false },
    ],
    [
      { ...offer, main: hevc, wanted: 'main' },
      { stream: 'sub', transcoded: false },
    ],
    [
      { ...offer, main: hevc, h265: true },
      { stream: 'main', transcoded: false },
    ],
    [
      { ...offer, main: hevc, sub: undefined },
      { stream: 'main', transcoded: true },
    ],
    [
      { ...offer, main: hevc, sub: hevc },
      { stream: 'main', transcoded: true },
    ],
    [
      { ...offer, main: hevc, sub: hevc, wanted: 'sub' },
      { stream: 'sub', transcoded: true },
    ],
    [
      { ...offer, main: null, sub: undefined },
      { stream: 'main', transcoded: false },
    ],
    [
      { ...offer, main: hevc, sub: undefined, noTranscode: 'FFmpeg' },
      { refused: { codec: 'H.265', reason: 'FFmpeg' } },
    ],
  ];
  for (const [given, expected] of cases) assert.deepEqual(chooseLive(given), expected, JSON.stringify(given));
});

test('a playlist names every byte of the media once, in order', () => {
  const chunk = (offset: number) => ({ offset, bytes: 100, seconds: 2, wallMs: 1_795_334_400_000 + offset });
  const chunks = [700, 800, 900].map(chunk);
  const text = playlist(
    {
      ...{ id: 'plan', bytes: 1000, codecs: 'avc1', initBytes: 600, chunks, pictures: 150, missing: [] },
      ...{ fromMs: 0, toMs: 6000 },
    },
    'footage.mp4',
  );
  assert.match(text, /^#EXTM3U\n/);
  assert.match(text, /BYTERANGE="600@0"/);
  assert.deepEqual(
    [...text.matchAll(/#EXT-X-BYTERANGE:(\d+@\d+)/g)].map((match) => match[1]),
    ['100@700', '100@800', '100@900'],
  );
  assert.match(text, /#EXT-X-ENDLIST\n$/);
});

const useRow = (more: Partial<UseRow>): UseRow =>
  ({
    ...{ id: 'view_1', person_id: 'per_1', name: 'wang', camera_id: 'cam_1', camera_name: 'gate' },
    ...{ kind: 'playback', shift_id: null, delivered_s: 60, exports: 0, export_bytes: 0 },
    ...{ opened: new Date('2026-06-01T04:00:00Z'), time_zone: 'Asia/Shanghai', ...more },
  }) as UseRow;

test('odd hours, one person’s volume, the same camera again and again, and bulk download stand out', () => {
  const kinds = (rows: readonly UseRow[]) => anomaliesIn(rows).map(({ kind }) => kind);
  const night = new Date('2026-06-01T18:30:00Z');
  assert.deepEqual(kinds([useRow({})]), []);
  assert.deepEqual(kinds([useRow({ opened: night })]), ['odd-hours']);
  assert.deepEqual(
    kinds([useRow({ opened: night, shift_id: 'shift_1' })]),
    [],
    'on a shift the night is work',
  );
  assert.deepEqual(kinds([useRow({ delivered_s: 7_199 })]), []);
  assert.deepEqual(kinds([useRow({ delivered_s: 7_200 })]), ['volume']);
  const busy = Array.from({ length: 6 }, (_, i) => useRow({ person_id: `per_${i}`, delivered_s: 7_200 }));
  assert.deepEqual(kinds(busy), [], 'where all look much, nobody stands out');
  const again = (times: number) => Array.from({ length: times }, () => useRow({}));
  assert.deepEqual([kinds(again(9)), kinds(again(10))], [[], ['same-camera']]);
  assert.deepEqual([kinds([useRow({ exports: 19 })]), kinds([useRow({ exports: 20 })])], [[], ['bulk']]);
  assert.deepEqual(kinds([useRow({ exports: 1, export_bytes: 10 * 1024 ** 3 })]), ['bulk']);
});
