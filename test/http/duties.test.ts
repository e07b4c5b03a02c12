/** The duty board over HTTP: every duty of the book, from what the registers hold now, to read and to take along. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { newId } from '../../src/base/index.ts';
import { mountDuties } from '../../src/http/index.ts';
import { duties } from '../../src/law/index.ts';
import { TestClock } from '../support/clock.ts';
import { callerWith, ledgerRows, type TestCaller, type TestServer, testServer } from '../support/edge.ts';

const clock = new TestClock('2026-11-22T17:30:00.000Z');
const siteId = newId('site');
const cameras: string[] = [];
const nobody = { paused_at: null, paused_by: null, paused_reason: null };
const notRetired = { retired_at: null, retired_by: null, retired_reason: null };
const noPassword = { user_name: '', password_sealed: null, sub_user_name: null, sub_password_sealed: null };
const created = new Date(clock.wallMs());
const bare = {
  ...{ ...nobody, ...notRetired, ...noPassword, url: 'rtsp://h/', sub_url: null, sound_basis: null },
  ...{ transport: 'auto' as const, ordered_ms: clock.wallMs(), created },
};
let server: TestServer;
let administrator: TestCaller;

before(async () => {
  server = await testServer({ clock, prepare: (made) => mountDuties(made) });
  administrator = await callerWith(server, 'administrator');
  const made = { created: new Date(clock.wallMs()) };
  const { kysely } = server.db;
  await kysely
    .insertInto('site')
    .values({
      ...{
        ...made,
        id: siteId,
        name: '第一实验小学',
        name_folded: '第一实验小学',
        address: '',
        time_zone: 'Asia/Shanghai',
      },
      ...{ profiles: ['cn-liaoning', 'school'], place_type: 'school', place_class: 'art7.2-operator' },
      ...{ class_decided: made.created, class_by: 'zhang', owner: 'operator' },
    })
    .execute();
  for (const name of ['南门', '大厅']) {
    const id = newId('cam');
    await kysely
      .insertInto('camera')
      .values({ ...bare, id, site_id: siteId, name, name_folded: name })
      .execute();
    cameras.push(id);
  }
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
});

interface Row {
  readonly id: string;
  readonly state: string;
  readonly at: string | null;
  readonly cameras: Record<string, number> | null;
  readonly look: readonly { id: string; name: string }[];
  readonly why: { zh: string; en: string };
}
const board = async () => (await administrator.call('GET', `/api/sites/${siteId}/duties`)).json;
const rowOf = async (id: string): Promise<Row> => (await board()).rows.find((row: Row) => row.id === id);

test('a site’s board has every duty of the book once, on the day of its own zone', async () => {
  const { day, rows, counts, profiles } = await board();
  assert.equal(day, '2026-11-23', 'half past one in the morning in Shanghai');
  assert.deepEqual(
    rows.map((row: Row) => row.id),
    duties.map(({ id }) => id),
  );
  const sum = Object.values<number>(counts).reduce((a, b) => a + b, 0);
  assert.equal(sum, duties.length);
  assert.ok(profiles.includes('cn-national'), 'a profile brings those along that it stands on');
  const { items } = (await administrator.call('GET', '/api/duties')).json;
  assert.deepEqual(items, [{ site: { id: siteId, name: '第一实验小学' }, day, counts }]);
});

test('what is not on record is due before the system is in use, and overdue since; the cameras to look at are named', async () => {
  const before = await rowOf('SI-01');
  assert.equal(before.state, 'due');
  assert.equal(before.cameras?.due, 2);
  assert.deepEqual(before.look.map(({ name }) => name).sort(), ['南门', '大厅'].sort());
  await server.db.kysely
    .updateTable('camera')
    .set({ step: 'suspended', operating_since: '2026-11-01', room: 'gate' })
    .where('id', '=', cameras[0]!)
    .execute();
  const after = await rowOf('SI-01');
  assert.deepEqual([after.state, after.at, after.cameras?.overdue], ['overdue', '2026-11-01', 1]);
  assert.equal(after.look[0]?.name, '南门', 'the worst is named first');
  assert.match(after.why.zh, /提示标识/);
});

test('a record that is written is on the board the next time somebody looks', async () => {
  await server.db.kysely
    .insertInto('legal_record')
    .values(
      cameras.map((camera_id) => ({
        ...{
          id: newId('rec'),
          site_id: siteId,
          camera_id,
          kind: 'sign',
          on_day: '2026-10-30',
          said: '门柱左侧',
        },
        ...{ written: new Date(clock.wallMs()), written_by: 'zhang' },
      })),
    )
    .execute();
  const row = await rowOf('SI-01');
  assert.equal(row.cameras?.met, 2);
  assert.equal(row.look.length, 0);
});

test('the pack is the board in both languages; its digest is on the paper’s data and in the ledger', async () => {
  const json = await administrator.call('GET', `/api/sites/${siteId}/duties/pack.json`);
  const text = typeof json.json === 'string' ? json.json : JSON.stringify(json.json);
  const digests: string[] = [];
  for (const lang of ['zh', 'en']) {
    const got = await fetch(`${server.url}/api/sites/${siteId}/duties/pack.pdf?lang=${lang}`, {
      headers: { cookie: administrator.cookie },
    });
    assert.equal(got.status, 200);
    assert.equal(got.headers.get('content-type'), 'application/pdf');
    assert.equal(
      Buffer.from(await got.arrayBuffer())
        .subarray(0, 5)
        .toString(),
      '%PDF-',
    );
  }
  for (const row of await ledgerRows(server)) {
    if (row.action === 'duty.read' && row.outcome === 'done') digests.push(String(row.detail.digest));
  }
  assert.equal(digests.length, 3);
  assert.equal(new Set(digests).size, 1, 'the same day and the same registers give the same pack');
  assert.ok(text.includes('SI-01'));
  const bytes = await fetch(`${server.url}/api/sites/${siteId}/duties/pack.json`, {
    headers: { cookie: administrator.cookie },
  }).then((response) => response.arrayBuffer());
  assert.equal(createHash('sha256').update(Buffer.from(bytes)).digest('hex'), digests[0]);
});

test('whoever only watches does not see the board, and the refusal is written down', async () => {
  const watcher = await callerWith(server, 'watcher');
  const refused = await watcher.call('GET', `/api/sites/${siteId}/duties`);
  assert.equal(refused.status, 403);
  const unknown = await administrator.call('GET', `/api/sites/${newId('site')}/duties`);
  assert.equal(unknown.json.code, 'site.unknown');
  const rows = await ledgerRows(server);
  assert.ok(rows.some(({ action, outcome }) => action === 'duty.read' && outcome === 'refused'));
});
