/** Filings over the real API and the real database: from the register, frozen, with their clocks and their drift. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { noLog } from '../../src/base/index.ts';
import { lookAtClocks, sayKey } from '../../src/govern/index.ts';
import { callerWith, ledgerRows, type TestCaller } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';
import { pdfOf } from './pdf.ts';
import { changeCamera, file, makeCamera, makeSchool, makeWhole, must, setClock } from './school.ts';

let house: House;
let builder: TestCaller;
let filer: TestCaller;
const friday = '2026-11-13T02:00:00Z';

before(async () => {
  house = await openHouse();
  await setClock(house, '2026-11-02T02:00:00Z');
  builder = await callerWith(house, 'administrator', 'maintainer');
  filer = await callerWith(house, 'filer');
  await house.db.kysely
    .insertInto('unit')
    .values({ id: 'unit_0000000000000000000000', name: '第一中学', created: new Date() })
    .execute();
});
after(() => house?.[Symbol.asyncDispose]());

const siteOf = async (siteId: string) => {
  const { sites } = await must(filer)('GET', '/api/filings/overview');
  return sites.find((one: { siteId: string }) => one.siteId === siteId);
};
/** The test report is replaced by the one that stands behind a record of the site. */
async function reportBehindRecord(): Promise<void> {
  const { sites } = await must(filer)('GET', '/api/filings/overview');
  const site = sites.find(({ siteName }: { siteName: string }) => siteName === '和平校区');
  const added = site.documents.find(({ kind }: { kind: string }) => kind === 'test-report');
  await must(filer)('POST', `/api/filings/documents/${added.id}/end`, { reason: 'it stands on record' });
  const path = `/api/sites/${site.siteId}/records`;
  const { id } = await must(builder)('POST', path, { kind: 'test-report', on: '2026-10-01', said: '合格' });
  const content = pdfOf('report').toString('base64');
  await must(builder)('POST', `/api/records/${id}/document`, { name: 'report.pdf', content });
}
const watch = () =>
  lookAtClocks({ db: house.db, clock: house.clock, log: noLog, key: sayKey(house.filingKey) });

describe('a school in Liaoning', () => {
  let siteId: string;
  let cameras: string[];

  test('has thirty days from its first camera, and is told at 15, 7, 3 and 1 days and when it is over, once each', async () => {
    ({ siteId, cameraIds: cameras } = await makeSchool(builder, {
      ...{ name: '和平校区', on: '2026-11-02', cameras: ['大门', '操场 <b>#东</b>'] },
    }));
    const site = await siteOf(siteId);
    assert.equal(site.state, 'none');
    assert.deepEqual(
      [site.liveSince, site.clocks[0].last, site.clocks[0].daysLeft],
      ['2026-11-02', '2026-12-02', 30],
    );
    assert.match(site.clocks[0].because[0].article, /14\(1\)/);
    const days = [];
    for (const day of [
      '2026-11-03',
      '2026-11-17',
      '2026-11-18',
      '2026-11-25',
      '2026-11-29',
      '2026-12-01',
      '2026-12-03',
      '2026-12-04',
    ]) {
      await setClock(house, `${day}T02:00:00Z`);
      days.push(await watch());
    }
    assert.deepEqual(days, [0, 1, 0, 1, 1, 1, 1, 0]);
    const { reminders } = await siteOf(siteId);
    assert.deepEqual(
      reminders.map((one: { days: number }) => one.days),
      [0, 1, 3, 7, 15],
    );
    const rows = (await ledgerRows(house)).filter(({ action }) => action === 'filing.remind');
    assert.equal(rows.length, 5);
    const events = await house.db.kysely.selectFrom('storage_event').select('kind').execute();
    assert.equal(
      events.filter(({ kind }) => kind === 'filing.reminder').length,
      5,
      'and the addresses are told',
    );
    await setClock(house, '2026-11-09T02:00:00Z');
  });

  test('is not filed while the register does not know what must be told, and says what', async () => {
    const { id } = await must(filer)('POST', '/api/filings', { siteId });
    const draft = await must(filer)('GET', `/api/filings/${id}`);
    assert.ok(
      draft.missingFacts.includes('unit.creditCode') && draft.missingDocuments.includes('test-report'),
    );
    const submission = { digest: draft.contentDigest, way: 'pack', as: '合规专员', true: true };
    const refused = await filer.call('POST', `/api/filings/${id}/submission`, submission);
    assert.deepEqual([refused.status, refused.json.code], [422, 'filing.facts']);
    const second = await filer.call('POST', '/api/filings', { siteId });
    assert.equal(second.json.code, 'filing.draft-there');
    await must(filer)('DELETE', `/api/filings/${id}`);
  });

  test('is filed from the register: what was read is what is frozen, by name, with its digest in the ledger', async () => {
    await makeWhole(filer, siteId, '和平区公安分局');
    const call = must(filer);
    await reportBehindRecord();
    const { id } = await call('POST', '/api/filings', { siteId });
    const draft = await call('GET', `/api/filings/${id}`);
    assert.deepEqual([draft.missingFacts, draft.missingDocuments], [[], []]);
    assert.equal(draft.content.system.cameras, 2);
    assert.deepEqual(draft.content.system.storage, { n: 30, unit: 'day' });
    // Somebody moves a camera between reading and declaring.
    await changeCamera(builder, cameras[1]!, { azimuthDeg: 10 });
    const submission = { way: 'pack', as: '合规专员', true: true };
    const stale = await filer.call('POST', `/api/filings/${id}/submission`, {
      ...submission,
      digest: draft.contentDigest,
    });
    assert.deepEqual([stale.status, stale.json.code], [409, 'filing.register-changed']);
    const untrue = await filer.call('POST', `/api/filings/${id}/submission`, {
      ...submission,
      ...{ true: false, digest: draft.contentDigest },
    });
    assert.equal(untrue.status, 400);
    const { contentDigest: digest } = await call('GET', `/api/filings/${id}`);
    const filed = await call('POST', `/api/filings/${id}/submission`, { ...submission, digest });
    assert.deepEqual([filed.state, filed.kind, filed.submittedOn], ['submitted', 'first', '2026-11-09']);
    const whole = await call('GET', `/api/filings/${id}`);
    assert.equal(whole.content.attested.as, '合规专员');
    const row = (await ledgerRows(house)).findLast(({ action }) => action === 'filing.file');
    assert.equal((row!.detail as { digest?: string }).digest, filed.digest);
    const { content } = await house.db.kysely
      .selectFrom('filing')
      .select('content')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    assert.equal(
      createHash('sha256')
        .update(content ?? '')
        .digest('hex'),
      filed.digest,
    );
    assert.deepEqual((await siteOf(siteId)).clocks, []);
    const again = await filer.call('POST', `/api/filings/${id}/submission`, { ...submission, digest });
    assert.equal(again.json.code, 'filing.not-draft');
  });

  test('a frozen copy is not edited, not even in the database', async () => {
    const edit = house.db.kysely.updateTable('filing').set({ attested_by: 'somebody else' }).execute();
    await assert.rejects(edit, /not edited/);
    await assert.rejects(house.db.kysely.deleteFrom('filing').execute(), /never deleted/);
  });

  test('a receipt of another era, of tomorrow or before the filing is refused; the right one is on record', async () => {
    const { items } = await must(filer)('GET', `/api/filings?site=${siteId}`);
    const path = `/api/filings/${items[0].id}/answer`;
    const answer = { outcome: 'received', receiptNo: '210102-2026-17', by: '和平区公安分局' };
    for (const on of ['0026-11-10', '1989-01-07', '2026-11-08', '2027-01-01', '2026-02-30', '令和8-11-10']) {
      const refused = await filer.call('POST', path, { ...answer, on });
      assert.deepEqual([refused.status, refused.json.code], [422, 'filing.day'], on);
    }
    await setClock(house, '2026-11-12T02:00:00Z');
    const received = await must(filer)('POST', path, { ...answer, on: '2026-11-11' });
    assert.deepEqual([received.state, received.receiptNo], ['received', '210102-2026-17']);
    const twice = await filer.call('POST', path, { ...answer, on: '2026-11-11' });
    assert.equal(twice.json.code, 'filing.not-submitted');
  });

  test('FI-04: a change on a Friday is to be filed by the Wednesday after, field by field', async () => {
    await setClock(house, friday);
    await changeCamera(builder, cameras[0]!, { position: { lat: 41.81, lon: 123.43 } });
    const added = await makeCamera(builder, { siteId, name: '食堂', on: '2026-11-13', lat: 41.82 });
    await setClock(house, '2026-11-14T02:00:00Z');
    const site = await siteOf(siteId);
    assert.equal(site.clocks.length, 1, 'what changed on one day is one clock');
    const [clock] = site.clocks;
    assert.deepEqual([clock.from, clock.last, clock.state], ['2026-11-13', '2026-11-18', 'due']);
    assert.equal(new Date(`${clock.last}T00:00:00Z`).getUTCDay(), 3, 'a Wednesday');
    assert.ok(clock.because.some((one: { article: string }) => one.article === '12(1)'));
    const moved = site.drift.find(({ field }: { field: string }) => field === 'camera-moved');
    assert.deepEqual(moved.parts, [{ part: 'lat', was: '41.8', is: '41.81' }]);
    assert.deepEqual([moved.cameraName, moved.on], ['大门', '2026-11-13']);
    assert.ok(
      site.drift.some(
        ({ field, cameraId }: { field: string; cameraId: string }) =>
          field === 'camera-added' && cameraId === added,
      ),
    );
    assert.equal(await watch(), 1, 'and it is told');
  });

  test('what was changed and changed back is no drift, and changed again runs from the new day', async () => {
    await setClock(house, '2026-11-16T02:00:00Z');
    await changeCamera(builder, cameras[1]!, { rangeM: 50 });
    const drift = async () =>
      (await siteOf(siteId)).drift.find((one: { cameraId: string }) => one.cameraId === cameras[1]);
    assert.equal((await drift()).on, '2026-11-16');
    await changeCamera(builder, cameras[1]!, { rangeM: 30 });
    assert.equal(await drift(), undefined);
    await setClock(house, '2026-11-17T02:00:00Z');
    await changeCamera(builder, cameras[1]!, { rangeM: 60 });
    assert.equal((await drift()).on, '2026-11-17');
    await changeCamera(builder, cameras[1]!, { rangeM: 30 });
  });

  test('a change around the screens is seen too: the database itself notes it', async () => {
    await house.db.kysely.updateTable('camera').set({ turns: true }).where('id', '=', cameras[1]!).execute();
    const site = await siteOf(siteId);
    assert.ok(site.drift.some(({ field }: { field: string }) => field === 'camera-type'));
    await house.db.kysely.updateTable('camera').set({ turns: false }).where('id', '=', cameras[1]!).execute();
  });

  test('a returned change runs on from where it began; submitted again it replaces the returned one', async () => {
    await setClock(house, '2026-11-17T03:00:00Z');
    const filed = await file(filer, siteId);
    assert.equal(filed.kind, 'change');
    assert.deepEqual((await siteOf(siteId)).clocks, []);
    await setClock(house, '2026-11-18T03:00:00Z');
    const returned = await must(filer)('POST', `/api/filings/${filed.id}/answer`, {
      ...{
        outcome: 'returned',
        on: '2026-11-18',
        by: '和平区公安分局',
        reasons: '食堂摄像机的朝向与图纸不符',
      },
    });
    assert.equal(returned.state, 'returned');
    const [clock] = (await siteOf(siteId)).clocks;
    assert.deepEqual([clock.from, clock.last, clock.daysLeft], ['2026-11-13', '2026-11-18', 0]);
    const second = await file(filer, siteId);
    assert.equal(second.replaces, filed.id);
    const whole = await must(filer)('GET', `/api/filings/${second.id}`);
    assert.ok(
      whole.content.changes.some(
        ({ field, on }: { field: string; on: string }) => field === 'camera-added' && on === '2026-11-13',
      ),
    );
    await must(filer)('POST', `/api/filings/${second.id}/answer`, {
      ...{ outcome: 'received', on: '2026-11-18', by: '和平区公安分局', receiptNo: '210102-2026-18' },
    });
    assert.deepEqual((await siteOf(siteId)).drift, []);
    const nothing = await must(filer)('POST', '/api/filings', { siteId });
    const { contentDigest: digest } = await must(filer)('GET', `/api/filings/${nothing.id}`);
    const refused = await filer.call('POST', `/api/filings/${nothing.id}/submission`, {
      digest,
      way: 'pack',
      as: 'x',
      true: true,
    });
    assert.equal(refused.json.code, 'filing.nothing-new');
    await must(filer)('DELETE', `/api/filings/${nothing.id}`);
  });

  test('FI-08: the end of use is filed too, in three working days', async () => {
    await setClock(house, '2026-11-20T02:00:00Z');
    await must(filer)('PUT', `/api/sites/${siteId}/use`, {
      ...{
        organ: '和平区公安分局',
        organKey: null,
        usedSince: null,
        stoppedOn: '2026-11-20',
        stoppedWhy: '校区搬迁',
      },
    });
    const [clock] = (await siteOf(siteId)).clocks;
    assert.deepEqual([clock.kind, clock.last], ['stop', '2026-11-25']);
    const filed = await file(filer, siteId);
    assert.equal(filed.kind, 'stop');
    assert.deepEqual((await siteOf(siteId)).clocks, []);
    // Back in use, which is a change again.
    await must(filer)('PUT', `/api/sites/${siteId}/use`, {
      ...{ organ: '和平区公安分局', organKey: null, usedSince: null, stoppedOn: null, stoppedWhy: '' },
    });
    assert.equal((await siteOf(siteId)).drift[0].field, 'stop');
  });

  test('the form is a PDF in both languages, a spreadsheet and JSON; what a person typed is never markup', async () => {
    const { items } = await must(filer)('GET', `/api/filings?site=${siteId}`);
    const path = `/api/filings/${items[0].id}`;
    for (const lang of ['zh', 'en'])
      for (const name of lang === 'zh' ? ['form.pdf', 'letter.pdf'] : ['form.pdf']) {
        const pdf = await fetch(`${house.url}${path}/${name}?lang=${lang}`, {
          headers: { cookie: filer.cookie },
        });
        assert.equal(pdf.status, 200);
        assert.equal(
          Buffer.from(await pdf.arrayBuffer())
            .subarray(0, 5)
            .toString(),
          '%PDF-',
        );
      }
    const sheet = await fetch(`${house.url}${path}/form.xlsx`, { headers: { cookie: filer.cookie } });
    assert.equal(
      Buffer.from(await sheet.arrayBuffer())
        .subarray(0, 2)
        .toString(),
      'PK',
    );
    const json = await must(filer)('GET', `${path}/form.json`);
    assert.ok(json.devices.some(({ name }: { name: string }) => name === '操场 <b>#东</b>'));
  });
});

test('FI-03: a system from before the law is late since the first of July 2025, and another era is no date', async () => {
  await setClock(house, '2026-11-20T02:00:00Z');
  const { siteId } = await makeSchool(builder, { name: '老校区', on: '2026-11-20', cameras: ['门卫'] });
  const use = { organ: '', organKey: null, stoppedOn: null, stoppedWhy: '' };
  for (const usedSince of ['1890-01-01', '0114-05-05', '2026-11-21', '民国108年']) {
    const refused = await filer.call('PUT', `/api/sites/${siteId}/use`, { ...use, usedSince });
    assert.equal(refused.json.code, 'filing.day', usedSince);
  }
  await must(filer)('PUT', `/api/sites/${siteId}/use`, { ...use, usedSince: '2019-09-01' });
  const [clock] = (await siteOf(siteId)).clocks;
  assert.deepEqual([clock.kind, clock.last, clock.state], ['legacy', '2025-06-30', 'overdue']);
});

test('a change at the end of a year whose calendar is not known says which year is missing', async () => {
  await setClock(house, '2026-12-29T02:00:00Z');
  const { siteId, cameraIds } = await makeSchool(builder, {
    name: '南校区',
    on: '2026-12-29',
    cameras: ['南门'],
  });
  await makeWhole(filer, siteId, '浑南区公安分局');
  await file(filer, siteId, 'paper');
  await setClock(house, '2026-12-30T02:00:00Z');
  await changeCamera(builder, cameraIds[0]!, { azimuthDeg: 180 });
  const { clocks } = await siteOf(siteId);
  assert.deepEqual([clocks[0].last, clocks[0].missingYear, clocks[0].state], [null, 2027, 'due']);
  const { calendarYears } = await must(filer)('GET', '/api/filings/overview');
  assert.equal(calendarYears.at(-1), 2026);
});

test('a PDF that is no PDF, or is cut off, or holds a page of the web, is not taken', async () => {
  await setClock(house, '2026-12-30T02:00:00Z');
  const { id: siteId } = await must(builder)('POST', '/api/sites', {
    name: '北校区',
    timeZone: 'Asia/Shanghai',
  });
  const whole = pdfOf('paper');
  const add = (bytes: Buffer, on = '2026-10-01') =>
    filer.call('POST', `/api/sites/${siteId}/documents`, {
      ...{ kind: 'test-report', name: '检测报告', on, pdf: bytes.toString('base64') },
    });
  const wrong = {
    text: Buffer.from('not a PDF'),
    html: Buffer.from('<html><script>alert(1)</script>'),
    head: Buffer.from('%PDF-1.4\n'),
    cut: whole.subarray(0, whole.length - 60),
    zip: Buffer.concat([Buffer.from('PK'), whole]),
    elsewhere: Buffer.from(
      whole.toString('latin1').replace(/startxref\n\d+/, 'startxref\n99999999'),
      'latin1',
    ),
    empty: Buffer.alloc(0),
  };
  for (const [name, bytes] of Object.entries(wrong))
    assert.equal((await add(bytes)).json.code, 'filing.no-pdf', name);
  assert.equal((await add(whole, '3026-01-01')).json.code, 'filing.day');
  const large = Buffer.concat([whole.subarray(0, 9), Buffer.alloc(5 * 1024 * 1024, 0x20), whole]);
  assert.ok((await add(large)).status >= 400);
  const taken = await add(whole);
  assert.equal(taken.json.sha256, createHash('sha256').update(whole).digest('hex'));
  const back = await fetch(`${house.url}/api/filings/documents/${taken.json.id}/document.pdf`, {
    headers: { cookie: filer.cookie },
  });
  assert.ok(Buffer.from(await back.arrayBuffer()).equals(whole));
  assert.match(back.headers.get('content-disposition') ?? '', /^attachment/);
});

test('who may not file sees the clocks at most', async () => {
  const auditor = await callerWith(house, 'auditor');
  assert.equal((await auditor.call('GET', '/api/filings/overview')).status, 200);
  assert.equal(
    (await auditor.call('POST', '/api/filings', { siteId: 'site_0000000000000000000000' })).status,
    403,
  );
  const watcher = await callerWith(house, 'watcher');
  assert.equal((await watcher.call('GET', '/api/filings/overview')).status, 403);
});
