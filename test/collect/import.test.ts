/**
 * Cameras read in from a spreadsheet, over the real API and the real database: a file is shown before it does anything,
 * it does all or nothing, and by no file a camera comes to stand where the law forbids it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/base/index.ts';
import { readTable } from '../../src/collect/table-read.ts';
import { fromWgs84, localDay } from '../../src/law/index.ts';
import { until } from '../support/custos.ts';
import { callerWith, ledgerRows, TestCaller } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';
import { sheetFile } from '../support/sheets.ts';

let house: House;
let who: TestCaller;
before(async () => {
  house = await openHouse();
  who = await callerWith(house, 'administrator');
});
after(() => house?.[Symbol.asyncDispose]());

const timeZone = 'Asia/Shanghai';
const today = localDay(systemClock.wallMs(), timeZone);
const daysAgo = (n: number): string => localDay(systemClock.wallMs() - n * 86_400_000, timeZone);
let count = 0;

async function must(method: string, path: string, body?: unknown) {
  const reply = await who.call(method, path, body);
  assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.json)}`);
  return reply.json;
}

/** A school in Liaoning whose sign stands and whose notice is out. */
async function school(fields: object = {}): Promise<{ id: string; name: string }> {
  const name = `School ${++count}`;
  const { id } = await must('POST', '/api/sites', { name, timeZone });
  await must('PUT', `/api/sites/${id}/keeping`, {
    ...{ profiles: ['cn-liaoning', 'school'], placeClass: 'art7.2-operator', placeType: 'school' },
    ...{ keyTarget: false, period: null, justification: '', givesWay: true },
  });
  await must('PATCH', `/api/sites/${id}`, { owner: 'operator', ...fields });
  for (const kind of ['sign', 'public-notice'])
    await must('POST', `/api/sites/${id}/records`, { kind, on: daysAgo(3), said: 'at the gate' });
  return { id, name };
}

interface Shown {
  readonly name: string;
  readonly facts: { readonly room: string };
  readonly records: { readonly necessity: { readonly text: string } };
}
type Rows = readonly (readonly string[])[];
const csvOf = (rows: Rows): Buffer =>
  Buffer.from(rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')).join('\r\n'));

interface Wish {
  readonly siteId?: string;
  readonly datum?: string;
  readonly begin?: string;
}
async function read(bytes: Buffer, wish: Wish, as: TestCaller = who) {
  const body = { file: 'cameras.xlsx', content: bytes.toString('base64'), begin: 'planned', ...wish };
  const opened = await as.call('POST', '/api/imports', body);
  assert.equal(opened.status, 200, JSON.stringify(opened.json));
  return settled(opened.json.id, ['checked', 'refused', 'failed']);
}
const settled = (id: string, states: readonly string[]) =>
  until(`import ${id} is one of ${states}`, async () => {
    const job = await must('GET', `/api/imports/${id}`);
    return states.includes(job.state) ? job : undefined;
  });
async function take(id: string) {
  await must('POST', `/api/imports/${id}/take`, { reason: 'the plan of autumn' });
  return settled(id, ['done', 'refused', 'failed', 'checked']);
}
const codes = (job: { problems: { items: { row: number; letter: string | null; code: string }[] } }) =>
  job.problems.items.map(({ row, letter, code }) => `${letter ?? ''}${row} ${code}`);
const camerasAt = async (siteId: string) => (await must('GET', `/api/cameras?site=${siteId}`)).items;

const head = [
  '编号',
  '名称',
  '视频地址（RTSP）',
  '所在区域',
  '纬度',
  '经度',
  '朝向',
  '视场角',
  '监控距离',
  '必要性说明',
];
const lineOf = (no: number, room = '走廊', more: Partial<Record<number, string>> = {}): string[] =>
  [
    ...[`C${no}`, `${no}号`, `rtsp://127.0.0.1:9/${no}`, room],
    ...[(41.8 + no / 1_000).toFixed(6), '123.43', '90', '80', '20', '防止校园欺凌'],
  ].map((cell, i) => more[i] ?? cell);

describe('cameras from a spreadsheet', () => {
  test('forty cameras of a school: the changing room is refused with its article, the window demands a mask', async () => {
    const window = {
      ...{ id: 'w1', kind: 'window' },
      outline: [
        { lat: 41.8051, lon: 123.43015 },
        { lat: 41.8049, lon: 123.43015 },
      ],
    };
    const { id: siteId } = await school({ privateAreas: [window] });
    const lines = Array.from({ length: 40 }, (_, i) => lineOf(i + 1, i === 16 ? '更衣室' : '走廊'));
    const wrong = await read(sheetFile({ rows: [head, ...lines] }), { siteId });
    assert.equal(wrong.state, 'checked');
    assert.deepEqual(codes(wrong), ['D18 prohibited']);
    assert.match(wrong.problems.items[0].values.instrument, /Order 799/);
    assert.equal(wrong.problems.items[0].values.article, '8(1)(3)');
    const refused = await who.call('POST', `/api/imports/${wrong.id}/take`, {});
    assert.equal(refused.json.code, 'import.wrong');
    assert.deepEqual(await camerasAt(siteId), [], 'nothing of the file was taken');

    lines[16] = lineOf(17, '出入口');
    const right = await read(sheetFile({ rows: [head, ...lines] }), { siteId });
    assert.deepEqual(codes(right), []);
    assert.equal(right.rows.added, 40);
    assert.deepEqual(
      right.notes.items.map(({ row, code, values }: { row: number; code: string; values: object }) => [
        row,
        code,
        values,
      ]),
      [[6, 'mask', { area: 'window w1', ...maskRule(right.notes.items[0].values) }]],
    );
    assert.equal((await take(right.id)).state, 'done');
    const cameras = await camerasAt(siteId);
    assert.equal(cameras.length, 40);
    const facing = cameras.find(({ number }: { number: string }) => number === 'C5');
    assert.ok(facing.life.missing.some(({ need }: { need: string }) => need === 'mask'));
    const step = await who.call('POST', `/api/cameras/${facing.id}/step`, { to: 'operating' });
    assert.equal(step.json.code, 'camera.lacks');
    assert.match(step.json.values.needs, /\bmask\b/);
    const rows = (await ledgerRows(house)).filter(
      ({ detail }) => (detail as { import?: string }).import === right.id,
    );
    assert.equal(rows.length, 41, 'a line for each camera, and one for the file');
    assert.equal(rows.at(-1)?.reason, 'the plan of autumn');
  });

  const maskRule = ({ instrument, article }: { instrument: string; article: string }) => {
    assert.ok(instrument && article, 'the rule that demands it is named');
    return { instrument, article };
  };

  test('read in again it changes nothing; with other cells it changes just these cameras', async () => {
    const { id: siteId } = await school();
    const lines = [lineOf(1), lineOf(2), lineOf(3)];
    await take((await read(csvOf([head, ...lines]), { siteId })).id);
    const again = await read(csvOf([head, ...lines]), { siteId });
    assert.deepEqual([again.rows.same, again.rows.added, again.rows.changed], [3, 0, 0]);
    const before = await camerasAt(siteId);
    lines[1] = lineOf(2, '大厅', { 1: '二号门厅', 9: '防止盗窃' });
    const changed = await read(csvOf([head, ...lines, lineOf(4)]), { siteId });
    assert.deepEqual([changed.rows.same, changed.rows.added, changed.rows.changed], [2, 1, 1]);
    await take(changed.id);
    const after = await camerasAt(siteId);
    const of = (all: { number: string }[], number: string) => all.find((one) => one.number === number);
    assert.deepEqual(of(after, 'C1'), of(before, 'C1'));
    const second = of(after, 'C2') as unknown as Shown;
    assert.deepEqual(
      [second.name, second.facts.room, second.records.necessity.text],
      ['二号门厅', 'hall', '防止盗窃'],
    );
    assert.equal(after.length, 4);
    // Empty cells leave what is there.
    const bare = await read(
      csvOf([
        ['Number', 'Name'],
        ['C2', ''],
      ]),
      { siteId },
    );
    assert.equal(bare.rows.same, 1);
  });

  test('a camera that was added by hand and has no number is taken by its name', async () => {
    const { id: siteId } = await school();
    const made = await must('POST', '/api/cameras', {
      siteId,
      name: '1号',
      url: 'rtsp://127.0.0.1:9/1',
      begin: 'planned',
    });
    await take((await read(csvOf([head, lineOf(1)]), { siteId })).id);
    const [camera, ...more] = await camerasAt(siteId);
    assert.deepEqual([camera.id, camera.number, more], [made.id, 'C1', []]);
    const other = await read(csvOf([head, lineOf(9, '走廊', { 1: '1号' })]), { siteId });
    assert.deepEqual(codes(other), ['B2 name-taken']);
    const twice = await who.call('POST', '/api/cameras', {
      siteId,
      name: 'x',
      number: 'c1',
      url: 'rtsp://127.0.0.1:9/1',
    });
    assert.equal(twice.json.code, 'camera.number-taken');
  });

  test('every wrong cell is named with its row and column, all at once, and nothing is taken over', async () => {
    const { id: siteId, name } = await school({ area: square(41.8, 123.43) });
    const columns = [...head, '场所', '说明日期', '密码'];
    const lines = [
      [...lineOf(1), name, '', 'secret'],
      [...lineOf(1, '走廊', { 1: 'other' }), name, '', ''],
      [...lineOf(2, '走廊', { 1: '1号' }), name, '', ''],
      [...lineOf(3, '走廊', { 0: '' }), 'Atlantis', '', ''],
      [...lineOf(4, '走廊', { 2: 'http://x' }), name, '民国115年3月1日', ''],
      [...lineOf(5, '走廊', { 4: '123.43', 5: '41.8' }), name, '', ''],
      [...lineOf(6, '走廊', { 4: '0', 5: '0' }), name, '', ''],
      [...lineOf(7, '走廊', { 4: '39.2', 5: '121.0' }), name, '2199-01-01', ''],
      [...lineOf(8, '走廊', { 5: '' }), name, '2099-01-01', ''],
      [...lineOf(9, '更衣室', { 1: '<b>x</b>', 8: 'far' }), name, '', ''],
    ];
    const job = await read(csvOf([columns, ...lines]), {});
    assert.deepEqual(codes(job), [
      ...['A3 duplicate', 'B4 name-twice', 'K5 site-unknown', 'C6 url', 'L6 date-era', 'E7 position-swapped'],
      ...['E8 position-outside', 'L9 date-era', 'E9 position-far', 'F10 position-half', 'L10 date-later'],
      ...['B11 markup', 'I11 number', 'D11 prohibited'],
    ]);
    assert.equal(job.rows.wrong, 9);
    assert.doesNotMatch(JSON.stringify(job), /secret/, 'a password is told to nobody');
    const merged = sheetFile({ rows: [['cameras'], head, lineOf(1), lineOf(2)], merged: ['A1:F1', 'B3:B4'] });
    const found = await read(merged, { siteId });
    assert.deepEqual(codes(found), ['3 merged', '4 merged']);
    assert.deepEqual(await camerasAt(siteId), []);
  });

  test('a file that is none is refused with what it is; other people see nothing of an import', async () => {
    const { id: siteId } = await school();
    const job = await read(Buffer.from('%PDF-1.7'), { siteId });
    assert.deepEqual([job.state, job.refusal.code], ['refused', 'import.not-a-table']);
    const open = await read(csvOf([head, lineOf(1)]), { siteId });
    const other = await callerWith(house, 'maintainer');
    assert.equal((await other.call('GET', `/api/imports/${open.id}`)).json.code, 'import.unknown');
    assert.equal((await other.call('POST', `/api/imports/${open.id}/take`, {})).json.code, 'import.unknown');
    const watcher = await callerWith(house, 'watcher');
    assert.equal((await watcher.call('POST', '/api/imports', {})).json.code, 'gate.denied');
    const large = { file: 'x', content: 'A'.repeat(8 * 1024 * 1024) };
    const nobody = await new TestCaller(house.url).call('POST', '/api/imports', large).catch(() => null);
    assert.ok(nobody === null || nobody.json.code === 'session.needed', 'of nobody a large body is read');
    const elsewhere = await who.call('POST', '/api/sites', { name: 'x'.repeat(2 * 1024 * 1024) });
    assert.equal(elsewhere.json.code, 'request.too-large', 'elsewhere a MiB is the most');
    await must('DELETE', `/api/imports/${open.id}`);
    assert.equal((await who.call('GET', `/api/imports/${open.id}`)).json.code, 'import.unknown');
  });

  test('what came between is seen: a file that was right is planned anew behind the locks', async () => {
    const { id: siteId } = await school();
    const job = await read(csvOf([head, lineOf(1), lineOf(2, '病房')]), { siteId });
    assert.deepEqual(codes(job), []);
    await must('POST', '/api/cameras', {
      siteId,
      name: '1号',
      number: 'X',
      url: 'rtsp://127.0.0.1:9/1',
      begin: 'planned',
    });
    const after = await take(job.id);
    assert.equal(after.state, 'checked');
    assert.deepEqual(codes(after), ['B2 name-taken']);
    assert.equal((await camerasAt(siteId)).length, 1);
  });

  test('coordinates of Chinese maps are recognised by the area of the site and converted', async () => {
    const { id: siteId } = await school({ area: square(41.8, 123.43) });
    const there = fromWgs84({ lat: 41.8, lon: 123.43 }, 'gcj02');
    const amap = { 4: String(there.lat), 5: String(there.lon) };
    const job = await read(csvOf([head, lineOf(1, '走廊', amap)]), { siteId, datum: 'recognise' });
    assert.deepEqual(codes(job), []);
    assert.equal(job.notes.items[0].code, 'converted');
    await take(job.id);
    const [{ facts }] = await camerasAt(siteId);
    assert.ok(Math.abs(facts.position.lat - 41.8) < 1e-6 && Math.abs(facts.position.lon - 123.43) < 1e-6);
    const bare = await school();
    const unclear = await read(csvOf([head, lineOf(1)]), { siteId: bare.id, datum: 'recognise' });
    assert.deepEqual(
      unclear.problems.items.map(({ code }: { code: string }) => code),
      ['position-unclear'],
    );
  });

  test('a camera that says everything operates at once; one that shows what another shows is said to', async () => {
    const { id: siteId } = await school();
    const columns = [...head, '隐私风险评估', '经批准的画面范围', '试运行起始日', '用户名', '密码'];
    const papers = ['无', '走廊全长', daysAgo(40), 'admin', 'secret'];
    const twin = lineOf(2, '走廊', { 4: lineOf(1)[4]! });
    const job = await read(csvOf([columns, [...lineOf(1), ...papers], [...twin, ...papers]]), {
      ...{ siteId, begin: 'in-use' },
    });
    assert.deepEqual(codes(job), []);
    assert.deepEqual(job.lacking, {});
    const [overlap] = job.notes.items;
    assert.deepEqual(
      [overlap.row, overlap.code, overlap.values],
      [3, 'overlap', { camera: '1号', percent: 100 }],
    );
    await take(job.id);
    for (const camera of await camerasAt(siteId)) {
      assert.equal(camera.life.step, 'operating', JSON.stringify(camera.life.missing));
      assert.equal(camera.life.operatingSince, today);
      assert.ok(camera.hasPassword);
      await must('DELETE', `/api/cameras/${camera.id}`, { reason: 'the test is over' });
    }
    assert.doesNotMatch(JSON.stringify(await ledgerRows(house)), /secret/);
  });

  test('the template holds every column, and reads as an empty table', async () => {
    for (const lang of ['zh', 'en'])
      for (const file of ['cameras.csv', 'cameras.xlsx']) {
        const reply = await fetch(`${house.url}/api/imports/template/${file}?lang=${lang}`, {
          headers: { cookie: who.cookie },
        });
        const job = await read(Buffer.from(await reply.arrayBuffer()), {});
        assert.deepEqual([job.state, job.refusal.code], ['refused', 'import.empty'], `${file} ${lang}`);
      }
  });
});

describe('places that must have a system', () => {
  const find = async (name: string) =>
    (await must('GET', '/api/places')).items.find((one: { name: string }) => one.name === name);

  test('a site is in the list by its kind, with the article; a place without a site is the widest gap', async () => {
    const { id: siteId, name } = await school();
    const bare = await find(name);
    assert.deepEqual([bare.from, bare.gap.state], ['site', 'no-camera']);
    assert.ok(
      bare.because.some(({ article }: { article: string }) => article.startsWith('7')),
      'Order 799, art. 7',
    );
    await take((await read(csvOf([head, lineOf(1)]), { siteId })).id);
    assert.equal((await find(name)).gap.state, 'not-recorded', 'a planned camera covers nothing');
    const [camera] = await camerasAt(siteId);
    await must('POST', `/api/cameras/${camera.id}/step`, { to: 'tested' });
    const there = await find(name);
    assert.deepEqual([there.gap.state, there.gap.recorded, there.views.length], ['covered', 1, 1]);
    await must('DELETE', `/api/cameras/${camera.id}`, { reason: 'the test is over' });

    const { id } = await must('POST', '/api/places', { name: 'North station', placeType: 'transport' });
    assert.equal((await find('North station')).gap.state, 'no-site');
    const twice = await who.call('POST', '/api/places', { name: 'north station', placeType: 'transport' });
    assert.equal(twice.json.code, 'place.name-taken');
    const strange = await who.call('POST', '/api/places', { name: 'x', placeType: 'castle' });
    assert.equal(strange.json.code, 'place.kind');
    const sea = { name: 'y', placeType: 'transport', position: { lat: 0, lon: 0 } };
    assert.equal((await who.call('POST', '/api/places', sea)).json.code, 'site.misplaced');
    await must('POST', `/api/places/${id}/end`, { reason: 'it was closed' });
    assert.equal(await find('North station'), undefined);
    assert.equal(
      (await who.call('POST', `/api/places/${id}/end`, { reason: 'again' })).json.code,
      'place.unknown',
    );
  });

  test('a key position that no recorded camera sees is a gap, and stands in the report', async () => {
    const { id: siteId } = await school();
    const camera = await must('POST', '/api/cameras', {
      ...{ siteId, name: 'Hall', url: 'rtsp://127.0.0.1:9/1', begin: 'tested' },
      facts: { room: 'hall', position: { lat: 41.8, lon: 123.43 }, azimuthDeg: 0, angleDeg: 90, rangeM: 50 },
    });
    const key = (no: number, lat: number) => ({
      id: `k${no}`,
      name: `=Desk ${no}`,
      at: { lat, lon: 123.43 },
    });
    const body = {
      name: 'Great hall',
      placeType: 'school',
      siteId,
      keyPositions: [key(1, 41.8002), key(2, 41.7998)],
    };
    await must('POST', '/api/places', body);
    const { gap } = await find('Great hall');
    assert.deepEqual([gap.state, gap.uncovered], ['uncovered', ['k2']]);
    const reply = await who.call('GET', '/api/places/report/gaps.csv?lang=en');
    assert.match(reply.json, /Great hall,.*key positions not covered,1,1,0,"'=Desk 2"/);
    const file = await fetch(`${house.url}/api/places/report/gaps.xlsx`, { headers: { cookie: who.cookie } });
    const { rows } = await readTable(Buffer.from(await file.arrayBuffer()), () => {});
    const row = rows.find(({ cells }) => cells[0]?.text === 'Great hall');
    assert.equal(row?.cells[10]?.text, '=Desk 2', 'a text that looks like a formula is a text');
    await must('DELETE', `/api/cameras/${camera.id}`, { reason: 'the test is over' });
  });
});

describe('what is drawn', () => {
  test('who decided the class of a place, and why, stands with it', async () => {
    const { id } = await school();
    const find = async () =>
      (await must('GET', '/api/sites')).items.find((one: { id: string }) => one.id === id).law.decided;
    assert.equal((await find()).why, '');
    await must('PUT', `/api/sites/${id}/keeping`, {
      ...{ profiles: ['cn-liaoning'], placeClass: 'art9-other-public', placeType: 'hotel', keyTarget: false },
      ...{ period: null, justification: '', givesWay: true, why: 'the list leaves hotels open' },
    });
    const decided = await find();
    assert.equal(decided.why, 'the list leaves hotels open');
    assert.match(decided.by, /^administrator/);
  });

  test('an outline that crosses itself and a point in the sea are refused, at a site and at a camera', async () => {
    const { id: siteId } = await school();
    const [a, b, c, d] = square(41.8, 123.43);
    const draw = (body: object) => who.call('PATCH', `/api/sites/${siteId}`, body);
    const crossed = await draw({ area: [a, c, b, d] });
    assert.equal(crossed.json.code, 'site.outline-crosses');
    const sea = { id: 'w1', kind: 'window', outline: [{ lat: 0, lon: 0 }] };
    const misplaced = await draw({ privateAreas: [sea] });
    assert.equal(misplaced.json.code, 'site.misplaced');
    assert.match(misplaced.json.detail, /outside of Liaoning/);
    await must('PATCH', `/api/sites/${siteId}`, { area: [a, b, c, d] });
    const add = (position: object) =>
      who.call('POST', '/api/cameras', {
        ...{ siteId, name: `at ${JSON.stringify(position)}`, url: 'rtsp://127.0.0.1:9/1', begin: 'planned' },
        facts: { room: 'street', position },
      });
    for (const wrong of [
      { lat: 0, lon: 0 },
      { lat: 39.2, lon: 121 },
    ])
      assert.equal((await add(wrong)).json.code, 'camera.misplaced');
    const made = (await add({ lat: 41.8, lon: 123.43 })).json;
    const moved = { revision: made.revision, facts: { position: { lat: 51.5, lon: 0 } } };
    assert.equal((await who.call('PATCH', `/api/cameras/${made.id}`, moved)).json.code, 'camera.misplaced');
  });
});

describe('the file behind a record', () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );

  test('the approved view is a picture; a PDF that is no PDF is refused; what is there stays', async () => {
    const { id: siteId } = await school();
    const camera = await must('POST', '/api/cameras', {
      siteId,
      name: 'Hall',
      url: 'rtsp://127.0.0.1:9/1',
      begin: 'planned',
    });
    const said = { kind: 'approved-view', on: today, said: 'the hall' };
    const record = await must('POST', `/api/cameras/${camera.id}/records`, said);
    const put = (name: string, bytes: Buffer) =>
      who.call('POST', `/api/records/${record.id}/document`, { name, content: bytes.toString('base64') });
    for (const no of ['%PDF-1.7 and nothing more', '<svg onload="alert(1)"/>', 'MZ'])
      assert.equal((await put('consent.pdf', Buffer.from(no))).json.code, 'document.kind', no);
    const made = await put('view.png', png);
    assert.deepEqual([made.status, made.json.type], [200, 'image/png']);
    assert.equal((await put('other.png', png)).json.code, 'document.there');
    const [listed] = (await must('GET', `/api/records?camera=${camera.id}`)).items;
    assert.deepEqual(listed.document, { name: 'view.png', type: 'image/png' });
    const get = (as: TestCaller) =>
      fetch(`${house.url}/api/records/${record.id}/document`, { headers: { cookie: as.cookie } });
    const shown = await get(who);
    assert.equal(shown.headers.get('content-type'), 'image/png');
    assert.match(shown.headers.get('content-security-policy') ?? '', /sandbox/);
    assert.deepEqual(Buffer.from(await shown.arrayBuffer()), png);
    assert.equal((await get(await callerWith(house, 'auditor'))).status, 403, 'an auditor sees no picture');
    const rows = (await ledgerRows(house)).filter(({ detail }) => (detail as { document?: string }).document);
    assert.equal((rows[0]!.detail as { sha256?: string }).sha256, made.json.sha256);
    await assert.rejects(
      house.db.kysely.deleteFrom('record_document').where('record_id', '=', record.id).execute(),
      /neither changed nor deleted/,
    );
  });
});

function square(lat: number, lon: number) {
  const d = 0.004;
  return [
    { lat: lat - d, lon: lon - d },
    { lat: lat - d, lon: lon + d },
    { lat: lat + d, lon: lon + d },
    { lat: lat + d, lon: lon - d },
  ];
}
