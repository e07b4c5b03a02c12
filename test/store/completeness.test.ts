/** How complete recording is, in figures that add up: every millisecond of a month is there, has served, or has a cause. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type Clock, newId, noLog } from '../../src/base/index.ts';
import { type GapCause, inWholeSeconds, roundTogether } from '../../src/contract/index.ts';
import { mountCompleteness } from '../../src/http/index.ts';
import { cover, type Gap, type Span } from '../../src/store/cover.ts';
import { account, coverageOf, setApart, together } from '../../src/store/coverage.ts';
import { touchMs } from '../../src/store/gaps.ts';
import { fileWhatIsDue, Keeper, makeDays } from '../../src/store/index.ts';
import { callerWith, ledgerRows, type TestServer, testServer } from '../support/edge.ts';

// ---- figures, pure

const spanIn = (most: number): fc.Arbitrary<Span> =>
  fc
    .tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 1, max: most / 2 }))
    .map(([fromMs, lengthMs]) => ({ fromMs, toMs: fromMs + lengthMs }));
const causes: readonly GapCause[] = [
  'unreachable',
  'paused',
  'deleted',
  'bucket-away',
  'network-loss',
  'system-crash',
];
const gapIn = (most: number): fc.Arbitrary<Gap> =>
  fc.tuple(spanIn(most), fc.constantFrom(...causes), fc.boolean()).map(([span, cause, inside]) => ({
    ...span,
    cause,
    detail: {},
    open: false,
    inside: inside && cause !== 'deleted',
  }));
const most = 100_000;
const history = fc.record({
  window: spanIn(most),
  footage: fc.array(spanIn(most), { maxLength: 30 }),
  told: fc.array(gapIn(most), { maxLength: 20 }),
});
const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);

test('recorded, served and missing are the whole, and the causes are what is missing, to the millisecond', () => {
  fc.assert(
    fc.property(history, ({ window, footage, told }) => {
      const { spans, gaps } = cover(window, footage, told);
      const of = account(setApart(window, gaps));
      assert.equal(of.wholeMs, window.toMs - window.fromMs);
      assert.equal(of.recordedMs + of.awayMs + of.servedMs + of.missingMs, of.wholeMs);
      assert.equal(sum(of.causes.map(({ ms }) => ms)), of.missingMs);
      assert.ok(of.recordedMs >= 0 && of.servedMs >= 0 && of.missingMs >= 0);
      assert.ok(!of.causes.some(({ cause }) => cause === 'deleted'), 'what kept its term is not missing');
      assert.ok(!of.causes.some(({ cause }) => cause === 'bucket-away'), 'nor is what cannot be reached now');
      const share = coverageOf(of);
      assert.ok(share >= 0 && share <= 1);
      // What neither footage nor a gap covers is touching, never more.
      const footageMs = sum(spans.map(({ fromMs, toMs }) => toMs - fromMs));
      assert.ok(of.recordedMs >= footageMs);
      assert.ok(of.recordedMs - footageMs <= touchMs * (spans.length + gaps.length + 1));
    }),
    { numRuns: 3000 },
  );
});

test('what is shown in whole seconds adds up: fourteen and fifteen where twenty-nine are missing', () => {
  assert.deepEqual(roundTogether([14_400, 14_500], 28_900), [14_000, 15_000]);
  const ms = fc.integer({ min: 0, max: 10_000_000 });
  const parts = fc
    .record({ recordedMs: ms, awayMs: ms, servedMs: ms, lost: fc.array(ms, { maxLength: 6 }) })
    .map(({ lost, ...rest }) => ({
      ...rest,
      missingMs: sum(lost),
      causes: lost.map((one) => ({ ms: one })),
    }));
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 5 }), (cameras) => {
      const of = (field: 'recordedMs' | 'awayMs' | 'servedMs' | 'missingMs') =>
        sum(cameras.map((one) => one[field]));
      const causes = cameras.flatMap((one) => one.causes);
      const days = causes.map((one) => ({ missingMs: one.ms }));
      const figures = { recordedMs: of('recordedMs'), awayMs: of('awayMs'), servedMs: of('servedMs') };
      const exact = { ...figures, missingMs: of('missingMs'), causes, cameras, days };
      const shown = inWholeSeconds(exact);
      for (const one of [shown, ...shown.cameras])
        assert.equal(sum(one.causes.map((cause) => cause.ms)), one.missingMs, 'causes');
      assert.equal(sum(shown.cameras.map(({ missingMs }) => missingMs)), shown.missingMs, 'cameras');
      assert.equal(sum(shown.days.map(({ missingMs }) => missingMs)), shown.missingMs, 'days');
      assert.ok(Math.abs(shown.missingMs - exact.missingMs) < 1_000);
      for (const [i, one] of shown.days.entries()) {
        assert.equal(one.missingMs % 1_000, 0);
        assert.ok(Math.abs(one.missingMs - days[i]!.missingMs) < 1_000, 'by less than a second');
      }
    }),
    { numRuns: 2000 },
  );
});

test('the parts of a window add up to the window, however it is cut', () => {
  fc.assert(
    fc.property(
      history,
      fc.array(fc.integer({ min: 0, max: most * 1.5 }), { maxLength: 8 }),
      ({ window, footage, told }, cuts) => {
        const made = setApart(window, cover(window, footage, told).gaps);
        const inner = [...new Set(cuts)].filter((at) => at > window.fromMs && at < window.toMs);
        const edges = [window.fromMs, ...inner, window.toMs].sort((a, b) => a - b);
        const parts = edges.slice(1).map((toMs, i) => account(made, { fromMs: edges[i] as number, toMs }));
        assert.deepEqual(together(parts), account(made));
      },
    ),
    { numRuns: 1000 },
  );
});

// ---- a site and its months

const hour = 3_600_000;
/** Clocks go back on 25 October 2026 in Berlin: that month has 745 hours, that day 25. */
const timeZone = 'Europe/Berlin';
const monthFromMs = Date.parse('2026-09-30T22:00:00Z');
const monthToMs = Date.parse('2026-10-31T23:00:00Z');
const site = newId('site');
const camera = newId('cam');
const later = newId('cam');
let nowMs = Date.parse('2026-10-20T12:00:00Z');
const clock: Clock = { wallMs: () => nowMs, monoMs: () => performance.now() };
let house: TestServer;
let keeper: Keeper;
let ids = 0;

async function addSegment(fromMs: number, toMs: number): Promise<void> {
  await makeDays(house.db.kysely, [fromMs]);
  await house.db.kysely
    .insertInto('segment')
    .values({
      ...{
        camera_id: camera,
        stream: 'main',
        start_ms: fromMs,
        id: newId('seg', fromMs),
        end_ms: toMs,
        volume_id: 'footage',
      },
      ...{
        path: `s${ids++}`,
        run: 'run_x',
        start_ticks: 0,
        duration_ticks: 0,
        bytes: 1,
        parts: 1,
        pictures: 1,
      },
      ...{
        codec: 'avc1',
        width: 1,
        height: 1,
        packets_lost: 0,
        damaged_pictures: 0,
        digest: Buffer.alloc(32),
      },
    })
    .execute();
}

const addGap = (fromMs: number, toMs: number, cause: string, inside = false) =>
  house.db.kysely
    .insertInto('gap')
    .values({
      id: newId('gap'),
      camera_id: camera,
      from_ms: fromMs,
      to_ms: toMs,
      cause,
      inside,
      detail: '{"by":"Qian"}',
    })
    .execute();

before(async () => {
  house = await testServer({
    clock,
    prepare: (server) => {
      keeper = new Keeper({ db: server.db, clock, log: noLog, volume: { id: 'footage', path: '/nowhere' } });
      mountCompleteness({ ...server, keeper });
    },
  });
  const { kysely } = house.db;
  const created = new Date(monthFromMs);
  await kysely
    .insertInto('site')
    .values({ id: site, name: '校门 Gate', name_folded: 'gate', address: '', time_zone: timeZone, created })
    .execute();
  await kysely.insertInto('volume').values({ id: 'footage', path: '/nowhere', created }).execute();
  const of = (id: string, name: string, orderedMs: number) => ({
    ...{
      id,
      site_id: site,
      name,
      name_folded: name,
      url: 'rtsp://x/',
      user_name: '',
      transport: 'auto' as const,
    },
    ...{ ordered_ms: orderedMs, created },
  });
  await kysely
    .insertInto('camera')
    .values([of(camera, '=SUM(1)', monthFromMs - 50 * hour), of(later, 'later', monthToMs + hour)])
    .execute();
  // A whole month of one-hour files but for: 2 h unreachable, 1 h paused, 10 s lost inside, 30 min of which nobody knows.
  const at = (text: string) => Date.parse(text);
  const holes: [number, number, string | null][] = [
    [at('2026-10-05T10:00:00Z'), at('2026-10-05T12:00:00Z'), 'unreachable'],
    [at('2026-10-25T00:30:00Z'), at('2026-10-25T01:30:00Z'), 'paused'],
    [at('2026-10-28T08:00:00Z'), at('2026-10-28T08:30:00Z'), null],
  ];
  for (let ms = monthFromMs; ms < monthToMs; ms += hour / 2)
    if (!holes.some(([fromMs, toMs]) => ms >= fromMs && ms < toMs)) await addSegment(ms, ms + hour / 2);
  for (const [fromMs, toMs, cause] of holes) if (cause) await addGap(fromMs, toMs, cause);
  await addGap(at('2026-10-06T10:00:00Z'), at('2026-10-06T10:00:10Z'), 'network-loss', true);
});
after(async () => {
  await keeper?.[Symbol.asyncDispose]();
  await house?.[Symbol.asyncDispose]();
});

const path = (month: string) => `/api/sites/${site}/completeness?month=${month}`;

test('a month of 745 hours is accounted for by cause, by day and by gap', async () => {
  nowMs = Date.parse('2026-11-02T12:00:00Z');
  const auditor = await callerWith(house, 'auditor');
  const { status, json } = await auditor.call('GET', path('2026-10'));
  assert.equal(status, 200, JSON.stringify(json));
  const { report, filed } = json;
  assert.equal(filed, null);
  assert.equal(report.hours, 745);
  assert.equal(report.wholeMs, 745 * hour);
  assert.equal(report.isOver, true);
  assert.equal(report.cameras.length, 1, 'a camera that came later has no part in it');
  assert.deepEqual(report.causes, [
    { cause: 'unreachable', ms: 2 * hour },
    { cause: 'paused', ms: hour },
    { cause: 'unexplained', ms: hour / 2 },
    { cause: 'network-loss', ms: 10_000 },
  ]);
  assert.equal(report.recordedMs, 745 * hour - 3.5 * hour - 10_000);
  const long = report.days.find(({ day }: { day: string }) => day === '2026-10-25');
  assert.deepEqual([long.hours, long.wholeMs, long.missingMs], [25, 25 * hour, hour]);
  assert.equal(sum(report.days.map(({ missingMs }: { missingMs: number }) => missingMs)), report.missingMs);
  const [one] = report.cameras;
  assert.deepEqual(
    one.longest.map(({ cause, ms }: { cause: string; ms: number }) => [cause, ms]),
    [
      ['unreachable', 2 * hour],
      ['paused', hour],
      ['unexplained', hour / 2],
      ['network-loss', 10_000],
    ],
  );
  assert.deepEqual(one.longest[1].detail, { by: 'Qian' });
  assert.equal(one.worst[0].day, '2026-10-05');
});

test('a month that runs is told up to now, and one to come is refused', async () => {
  nowMs = Date.parse('2026-10-20T12:00:00Z');
  const auditor = await callerWith(house, 'auditor');
  const { json } = await auditor.call('GET', path('2026-10'));
  assert.equal(json.report.isOver, false);
  assert.equal(json.report.until, '2026-10-20T11:59:45.000Z');
  assert.equal(json.report.wholeMs, nowMs - 15_000 - monthFromMs);
  assert.equal((await auditor.call('GET', path('2026-12'))).json.code, 'completeness.future');
});

test('coverage of any span of one camera is a number with its causes', async () => {
  nowMs = Date.parse('2026-11-02T12:00:00Z');
  const watcher = await callerWith(house, 'watcher');
  const query = 'from=2026-10-05T08:00:00Z&to=2026-10-05T16:00:00Z';
  const { json } = await watcher.call('GET', `/api/cameras/${camera}/coverage?${query}`);
  assert.equal(json.coverage, 0.75);
  assert.deepEqual(json.causes, [{ cause: 'unreachable', ms: 2 * hour }]);
  assert.equal((await watcher.call('GET', path('2026-10'))).json.code, 'gate.denied');
});

test('when the month is over its report is put on record once, and the ledger has its digest', async () => {
  nowMs = Date.parse('2026-10-31T22:59:00Z');
  const at = { db: house.db, keeper, clock, log: noLog };
  const auditor = await callerWith(house, 'auditor');
  const early = await auditor.call('GET', path('2026-10').replace('?', '/filed.json?'));
  assert.equal(early.json.code, 'completeness.none');
  await fileWhatIsDue(at);
  assert.equal((await auditor.call('GET', path('2026-10'))).json.filed, null, 'not before it is over');
  nowMs = Date.parse('2026-11-01T00:05:00Z');
  assert.equal(await fileWhatIsDue(at), 1);
  assert.equal(await fileWhatIsDue(at), 0);
  const { filed } = (await auditor.call('GET', path('2026-10'))).json;
  const row = (await ledgerRows(house)).find(
    ({ action, detail }) =>
      action === 'completeness.file' && (detail as { month: string }).month === '2026-10',
  );
  assert.ok(row);
  assert.equal((row.detail as { digest: string }).digest, filed.digest);
  const answer = await fetch(`${house.url}${path('2026-10').replace('?', '/filed.json?')}`, {
    headers: { cookie: auditor.cookie },
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  assert.equal(createHash('sha256').update(bytes).digest('hex'), filed.digest, 'a stranger can check it');
});

test('as CSV and as a spreadsheet: a text that a person typed is never run', async () => {
  nowMs = Date.parse('2026-11-02T12:00:00Z');
  const auditor = await callerWith(house, 'auditor');
  const download = async (file: string) => {
    const url = `${house.url}${path('2026-10').replace('?', `/${file}?lang=en&`)}`;
    const answer = await fetch(url, { headers: { cookie: auditor.cookie } });
    assert.equal(answer.status, 200);
    return Buffer.from(await answer.arrayBuffer());
  };
  const csv = (await download('report.csv')).toString('utf8');
  assert.match(csv, /^\uFEFFCamera,Coverage \(%\),/);
  assert.match(csv, /"'=SUM\(1\)",99\.5\d+,2682000,/);
  const sheet = await download('report.xlsx');
  assert.equal(sheet.subarray(0, 4).toString('latin1'), 'PK\u0003\u0004');
  const written = (await ledgerRows(house)).filter(({ action }) => action === 'completeness.read');
  assert.deepEqual(
    written.map(({ outcome }) => outcome).slice(-2),
    ['done', 'done'],
    'who took it away is written down',
  );
});

test('on paper: a PDF with Chinese type, whatever a person typed into a name', async () => {
  nowMs = Date.parse('2026-11-02T12:00:00Z');
  await house.db.kysely
    .updateTable('camera')
    .set({ name: '#panic("x") 校门 *_$ 堃喆 <a>' })
    .where('id', '=', camera)
    .execute();
  const auditor = await callerWith(house, 'auditor');
  for (const lang of ['zh', 'en']) {
    const url = `${house.url}${path('2026-10').replace('?', `/report.pdf?lang=${lang}&`)}`;
    const answer = await fetch(url, { headers: { cookie: auditor.cookie } });
    const pdf = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, 200, pdf.toString('utf8').slice(0, 500));
    assert.equal(answer.headers.get('content-type'), 'application/pdf');
    assert.equal(pdf.subarray(0, 5).toString('latin1'), '%PDF-');
    const names = pdf.toString('latin1').match(/\/FontName \S+/g) ?? [];
    assert.ok(names.length > 0 && names.every((name) => /NotoSans/.test(name)), names.join());
    if (process.env.CUSTOS_KEEP_PDF)
      writeFileSync(join(process.env.CUSTOS_KEEP_PDF, `report-${lang}.pdf`), pdf);
  }
});
