/** The organ's desk over the real API and the real database: packs in, answers out, units apart, inspections by two. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { systemClock } from '../../src/base/index.ts';
import {
  digestOf,
  makePack,
  openFilingKey,
  openPack,
  readKey,
  type SignerKey,
  sayKey,
} from '../../src/govern/index.ts';
import { callerWith, personNamed, TestCaller } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';
import { pdfOf } from './pdf.ts';
import { changeCamera, file, makeSchool, makeWhole, must, setClock } from './school.ts';

let house: House;
let builder: TestCaller;
let filer: TestCaller;
let clerk: TestCaller;
let otherKey: SignerKey;
let folder: string;
let siteId: string;
let cameras: string[];
let unitId: string;
let otherId: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-desk-'));
  otherKey = await openFilingKey(folder, systemClock);
  house = await openHouse();
  await setClock(house, '2026-11-09T02:00:00Z');
  builder = await callerWith(house, 'administrator', 'maintainer');
  filer = await callerWith(house, 'filer');
  clerk = await callerWith(house, 'receiver');
  await house.db.kysely
    .insertInto('unit')
    .values({ id: 'unit_0000000000000000000000', name: '第一中学', created: new Date() })
    .execute();
  ({ siteId, cameraIds: cameras } = await makeSchool(builder, {
    ...{ name: '和平校区', on: '2026-11-02', cameras: ['大门', '操场'] },
  }));
  await makeWhole(filer, siteId, '和平区公安分局');
});
after(async () => {
  await house?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** As a browser fetches a file. */
async function fileOf(who: TestCaller, path: string): Promise<string> {
  const reply = await fetch(house.url + path, { headers: { cookie: who.cookie } });
  assert.equal(reply.status, 200, path);
  return reply.text();
}
const bring = (pack: string, who = clerk) => who.call('POST', '/api/desk/packs', { pack });
const packOf = (id: string) => fileOf(filer, `/api/filings/${id}/pack.json`);

/** The same pack with its content changed; signed anew by `key`, or left with the old signature. */
function altered(pack: string, change: (content: Record<string, never>) => void, key?: SignerKey): string {
  const whole = JSON.parse(pack);
  const content = JSON.parse(whole.content);
  change(content);
  const text = JSON.stringify(content);
  if (!key) return JSON.stringify({ ...whole, content: text });
  const bytes = (pdf: string) => Buffer.from(pdf, 'base64');
  const documents = whole.documents.map(({ sha256, pdf }: { sha256: string; pdf: string }) => [
    sha256,
    bytes(pdf),
  ]);
  return makePack(content.filing.id, text, new Map(documents), key);
}

describe('a pack', () => {
  let pack: string;
  let filed: { id: string };

  test('of a unit whose key is not registered is refused, and the clerk is told whose key it is', async () => {
    filed = await file(filer, siteId);
    pack = await packOf(filed.id);
    const refused = await bring(pack);
    assert.deepEqual([refused.status, refused.json.code], [422, 'desk.unknown-key']);
    assert.equal(refused.json.values.key, house.filingKey.name);
  });

  test('of a registered unit arrives, whole and once', async () => {
    const unit = await must(clerk)('POST', '/api/desk/units', {
      name: '第一中学',
      key: sayKey(house.filingKey),
    });
    unitId = unit.id;
    const twice = await clerk.call('POST', '/api/desk/units', { name: '第一中学', key: sayKey(otherKey) });
    assert.equal(twice.json.code, 'desk.unit-there');
    otherId = (await must(clerk)('POST', '/api/desk/units', { name: '第二中学', key: sayKey(otherKey) })).id;
    const arrived = await bring(pack);
    assert.equal(arrived.status, 200, JSON.stringify(arrived.json));
    assert.deepEqual(
      [arrived.json.unitName, arrived.json.state, arrived.json.late],
      ['第一中学', 'arrived', false],
    );
    assert.deepEqual([arrived.json.dueOn, arrived.json.cameras], ['2026-12-09', 2]);
    const replayed = await bring(pack);
    assert.deepEqual([replayed.status, replayed.json.code], [409, 'desk.replayed']);
    const whole = await must(clerk)('GET', `/api/desk/filings/${arrived.json.id}`);
    assert.deepEqual([whole.missingDocuments, whole.missingFacts], [[], []]);
    const [document] = whole.content.documents;
    const pdf = await fileOf(clerk, `/api/desk/filings/${arrived.json.id}/documents/${document.sha256}`);
    assert.match(pdf, /^%PDF-/);
  });

  test('that was altered, cut, swollen or is of another unit is refused before anything of it is kept', async () => {
    const count = async () =>
      Number(
        (
          await house.db.kysely
            .selectFrom('desk_filing')
            .select((s) => s.fn.countAll<number>().as('n'))
            .executeTakeFirstOrThrow()
        ).n,
      );
    const before = await count();
    const [a, b] = [JSON.parse(pack), JSON.parse(pack)];
    const put = (content: Record<string, unknown>, part: string, value: unknown) =>
      Object.assign(content[part] as object, value);
    const wrong: Record<string, [string, string]> = {
      'a count': ['desk.altered', altered(pack, (content) => put(content, 'system', { cameras: 1 }))],
      'its number': ['desk.altered', altered(pack, (content) => put(content, 'filing', { no: 99 }))],
      'another key under one’s own name': ['desk.other-unit', altered(pack, () => {}, otherKey)],
      'counts that do not add up': [
        'desk.content',
        altered(pack, (content) => put(content, 'system', { cameras: 7 }), house.filingKey),
      ],
      'a day of another era': [
        'filing.day',
        altered(pack, (content) => put(content, 'attested', { on: '0026-11-09' }), house.filingKey),
      ],
      'a day to come': [
        'filing.day',
        altered(pack, (content) => put(content, 'attested', { on: '2027-11-09' }), house.filingKey),
      ],
      'a profile that nobody knows': [
        'desk.content',
        altered(pack, (content) => put(content, 'site', { profiles: ['cn-1949'] }), house.filingKey),
      ],
      'a field more': [
        'desk.content',
        altered(pack, (content) => put(content, 'site', { __proto__x: 1 }), house.filingKey),
      ],
      'no pack': ['desk.no-pack', 'hello'],
      'a PDF instead': ['desk.no-pack', pdfOf('x').toString('latin1')],
      'half of it': ['desk.no-pack', pack.slice(0, pack.length / 2)],
      'no documents': ['desk.documents', JSON.stringify({ ...a, documents: [] })],
      'a document that is no PDF': [
        'desk.documents',
        JSON.stringify({
          ...b,
          documents: [{ sha256: digestOf('x'), pdf: Buffer.from('x').toString('base64') }],
        }),
      ],
      'an old number': [
        'desk.replayed',
        altered(pack, (content) => put(content, 'unit', { phone: '1' }), house.filingKey),
      ],
    };
    for (const [name, [code, text]] of Object.entries(wrong)) {
      const refused = await bring(text);
      assert.ok(refused.status >= 400 && refused.status < 500, name);
      assert.equal(refused.json.code, code, name);
    }
    const large = await bring(`{"form":"${'x'.repeat(25 * 1024 * 1024)}"}`);
    assert.ok([400, 413].includes(large.status), String(large.status));
    assert.equal(await count(), before);
  });

  test('with any one byte changed is never opened', () => {
    const keys = [readKey(sayKey(house.filingKey))!];
    assert.doesNotThrow(() => openPack(pack, keys));
    fc.assert(
      fc.property(fc.nat({ max: pack.length - 1 }), fc.integer({ min: 33, max: 126 }), (at, code) => {
        const next = pack.slice(0, at) + String.fromCharCode(code) + pack.slice(at + 1);
        if (next === pack) return;
        try {
          // What still opens is the same filing with the same documents.
          assert.equal(openPack(next, keys).text, openPack(pack, keys).text);
        } catch (error) {
          assert.equal((error as Error).name, 'Refusal', String(error));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is returned with reasons; the signed answer goes home, and the one submitted again gets its receipt', async () => {
    const { filings } = await must(clerk)('GET', '/api/desk');
    const { id } = filings[0];
    const returned = await must(clerk)('POST', `/api/desk/filings/${id}/answer`, {
      ...{ outcome: 'returned', reasons: '授权书未盖章\n请补盖公章' },
    });
    assert.equal(returned.state, 'returned');
    const again = await clerk.call('POST', `/api/desk/filings/${id}/answer`, {
      outcome: 'accepted',
      receiptNo: '1',
    });
    assert.equal(again.json.code, 'desk.answered');
    const answer = await fileOf(clerk, `/api/desk/filings/${id}/answer.txt`);
    const unknown = await filer.call('POST', '/api/filings/answers', { answer });
    assert.equal(unknown.json.code, 'filing.organ-key', 'whoever could have signed it is not believed');
    const use = { organ: '和平区公安分局', usedSince: null, stoppedOn: null, stoppedWhy: '' };
    const noKey = await filer.call('PUT', `/api/sites/${siteId}/use`, { ...use, organKey: 'a key' });
    assert.equal(noKey.json.code, 'filing.key');
    await must(filer)('PUT', `/api/sites/${siteId}/use`, { ...use, organKey: sayKey(house.filingKey) });
    const forged = await filer.call('POST', '/api/filings/answers', {
      answer: answer.replace('returned', 'received'),
    });
    assert.equal(forged.json.code, 'filing.answer-altered');
    const taken = await must(filer)('POST', '/api/filings/answers', { answer });
    assert.deepEqual([taken.state, taken.reasons], ['returned', '授权书未盖章\n请补盖公章']);
    await setClock(house, '2026-11-10T02:00:00Z');
    const second = await file(filer, siteId);
    const arrived = await bring(await packOf(second.id));
    assert.equal(arrived.status, 200, JSON.stringify(arrived.json));
    const accepted = await must(clerk)('POST', `/api/desk/filings/${arrived.json.id}/answer`, {
      ...{ outcome: 'accepted', receiptNo: '210102-2026-17' },
    });
    assert.equal(accepted.receiptNo, '210102-2026-17');
    const receipt = await fileOf(clerk, `/api/desk/filings/${arrived.json.id}/answer.txt`);
    const received = await must(filer)('POST', '/api/filings/answers', { answer: receipt });
    assert.deepEqual(
      [received.state, received.receiptNo, received.answeredOn],
      ['received', '210102-2026-17', '2026-11-10'],
    );
    const replayed = await filer.call('POST', '/api/filings/answers', { answer: receipt });
    assert.equal(replayed.json.code, 'filing.not-submitted');
  });

  test('that came after its time is marked late', async () => {
    await setClock(house, '2026-11-13T02:00:00Z');
    await changeCamera(builder, cameras[0]!, { azimuthDeg: 12 });
    await setClock(house, '2026-11-19T02:00:00Z');
    const change = await file(filer, siteId);
    const arrived = await bring(await packOf(change.id));
    assert.deepEqual(
      [arrived.json.kind, arrived.json.dueOn, arrived.json.late],
      ['change', '2026-11-18', true],
    );
  });
});

test('an incomplete filing is not accepted', async () => {
  await setClock(house, '2026-11-20T02:00:00Z');
  const change = await must(filer)('GET', '/api/filings');
  const base = await packOf(change.items.find(({ state }: { state: string }) => state !== 'draft').id);
  const pack = altered(
    base,
    (content: Record<string, unknown>) => {
      Object.assign(content, {
        documents: [],
        key: sayKey(otherKey),
        unit: { ...(content.unit as object), phone: '' },
      });
      Object.assign(content.filing as object, { kind: 'first', no: 1 });
    },
    otherKey,
  );
  const arrived = await bring(JSON.stringify({ ...JSON.parse(pack), documents: [] }));
  assert.equal(arrived.status, 200, JSON.stringify(arrived.json));
  assert.equal(arrived.json.unitName, '第二中学');
  const refused = await clerk.call('POST', `/api/desk/filings/${arrived.json.id}/answer`, {
    ...{ outcome: 'accepted', receiptNo: '210102-2026-99' },
  });
  assert.deepEqual([refused.status, refused.json.code], [422, 'desk.incomplete']);
  assert.match(refused.json.detail, /test report/i);
});

describe('units at one desk', () => {
  test('a delegate sees and brings only their own unit’s filings', async () => {
    const name = 'delegate-of-two';
    await personNamed(house, name, 'delegate');
    const delegate = await new TestCaller(house.url).signIn(name);
    assert.equal((await must(delegate)('GET', '/api/desk/own')).unit, null);
    const nobody = await bring('{}', delegate);
    assert.equal(nobody.json.code, 'desk.delegate');
    await must(clerk)('POST', `/api/desk/units/${otherId}/delegates`, { person: name });
    const own = await must(delegate)('GET', '/api/desk/own');
    assert.deepEqual(
      [own.unit.name, own.filings.map((each: { unitName: string }) => each.unitName)],
      ['第二中学', ['第二中学']],
    );
    const { items } = await must(filer)('GET', '/api/filings');
    const another = await bring(await packOf(items[0].id), delegate);
    assert.deepEqual([another.status, another.json.code], [422, 'desk.other-unit']);
    assert.equal((await delegate.call('GET', '/api/desk')).status, 403);
    const { filings } = await must(clerk)('GET', '/api/desk');
    const theirs = filings.find(
      (one: { unitId: string; state: string }) => one.unitId === unitId && one.state === 'accepted',
    );
    const reached = await delegate.call('GET', `/api/desk/filings/${theirs.id}/answer.txt`);
    assert.deepEqual([reached.status, reached.json.code], [404, 'desk.unknown']);
  });

  test('the database keeps them apart where the domain is gone around', async () => {
    const roles = await house.db.kysely.selectFrom('desk_unit').select(['id', 'db_role']).execute();
    const client = new pg.Client(house.db.connect);
    await client.connect();
    try {
      for (const { id, db_role } of roles) {
        await client.query(`set role ${db_role}`);
        for (const table of ['desk_filing', 'desk_place', 'desk_document', 'desk_inspection']) {
          const { rows } = await client.query(`select distinct unit_id from ${table}`);
          assert.ok(
            rows.every((row) => row.unit_id === id),
            `${table} of ${id}`,
          );
        }
        assert.deepEqual((await client.query('select id from desk_unit')).rows, [{ id }]);
        const other = roles.find((one) => one.id !== id)!;
        await assert.rejects(
          client.query('insert into desk_document values ($1, sha256($2), $2)', [other.id, Buffer.from('x')]),
          /row-level security/,
        );
        const moved = await client.query("update desk_place set name = 'mine' where unit_id = $1", [
          other.id,
        ]);
        assert.equal(moved.rowCount, 0);
        await assert.rejects(client.query("update desk_filing set state = 'accepted'"), /permission denied/);
        for (const table of ['person', 'ledger', 'camera', 'session', 'filing', 'desk_delegate'])
          await assert.rejects(client.query(`select from ${table}`), /permission denied/, table);
        await client.query('reset role');
      }
      const stranger = await client.query(
        "select count(*)::int n from pg_roles where rolname like 'custos_unit_%' and rolcanlogin",
      );
      assert.equal(stranger.rows[0].n, 0, 'nobody signs in as a unit');
    } finally {
      await client.end();
    }
  });
});

describe('inspections', () => {
  let placeId: string;
  const officers = [
    { name: '张伟', number: '021001' },
    { name: '刘洋', number: '021002' },
  ];
  const plan = (who: readonly { name: string; number: string }[], on = '2026-11-23') =>
    clerk.call('POST', '/api/desk/inspections', { placeId, on, purpose: '备案信息核查', officers: who });

  test('two officers who are one person are refused, however they are written', async () => {
    placeId = (await must(clerk)('GET', '/api/desk')).places.find(
      (one: { unitId: string }) => one.unitId === unitId,
    ).id;
    const [one, two] = officers as [{ name: string; number: string }, { name: string; number: string }];
    const same = [
      [one, one],
      [one, { ...two, number: '０２１００１' }],
      [one, { ...two, number: ' 021 001 ' }],
      [one, { ...two, name: '张 伟' }],
    ];
    for (const pair of same)
      assert.equal((await plan(pair)).json.code, 'desk.officers', JSON.stringify(pair));
    assert.equal((await plan([one])).status, 400);
    for (const on of ['2026-11-19', '1926-11-23', '2126-11-23'])
      assert.equal((await plan(officers, on)).json.code, 'filing.day', on);
    const around = house.db.kysely
      .insertInto('desk_inspection')
      .values({
        ...{ id: 'insp_x', unit_id: unitId, place_id: placeId, on_day: '2026-11-23', purpose: 'x' },
        ...{
          officer_a: 'A',
          number_a: 'x1',
          officer_b: 'B',
          number_b: 'X1',
          planned: new Date(),
          planned_by: 'x',
        },
      } as never)
      .execute();
    await assert.rejects(around, /two_officers/);
  });

  test('what is found is kept, and a place with more cameras than it filed has changed without filing', async () => {
    const planned = await plan(officers);
    assert.equal(planned.status, 200, JSON.stringify(planned.json));
    await setClock(house, '2026-11-23T02:00:00Z');
    const path = `/api/desk/inspections/${planned.json.id}/result`;
    const result = {
      heldOn: '2026-11-23',
      foundCameras: 3,
      findings: '食堂另有一台未备案',
      outcome: 'to-correct',
    };
    assert.equal(
      (await clerk.call('POST', path, { ...result, correctBy: null })).json.code,
      'desk.correct-by',
    );
    const held = await must(clerk)('POST', path, { ...result, correctBy: '2026-11-30' });
    assert.deepEqual([held.outcome, held.foundCameras], ['to-correct', 3]);
    assert.equal(
      (await clerk.call('POST', path, { ...result, correctBy: '2026-11-30' })).json.code,
      'desk.recorded',
    );
    const { places } = await must(clerk)('GET', '/api/desk');
    const place = places.find(({ id }: { id: string }) => id === placeId);
    assert.deepEqual([place.filedCameras, place.foundCameras, place.changedWithoutFiling], [2, 3, true]);
  });

  test('a place of which nothing came is late once its thirty days are over', async () => {
    await must(clerk)('POST', `/api/desk/units/${otherId}/places`, {
      ...{
        name: '体育馆',
        placeClass: 'art7.2-operator',
        profiles: ['cn-liaoning'],
        usedSince: '2026-09-01',
      },
    });
    const { places } = await must(clerk)('GET', '/api/desk');
    const place = places.find(({ name }: { name: string }) => name === '体育馆');
    assert.deepEqual(
      [place.state, place.clocks[0].last, place.clocks[0].state],
      ['none', '2026-10-01', 'overdue'],
    );
  });
});
