/** Sites and cameras as their maintainer meets them: names, addresses, secrets, and the probe that says what is wrong. */
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { callerWith, type TestCaller } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';

let house: House;
let administrator: TestCaller;
let siteId: string;

before(async () => {
  house = await openHouse();
  administrator = await callerWith(house, 'administrator');
  const made = await administrator.call('POST', '/api/sites', {
    name: '东门 East gate',
    timeZone: 'Asia/Urumqi',
  });
  assert.equal(made.status, 200, JSON.stringify(made.json));
  siteId = made.json.id;
});
after(() => house?.[Symbol.asyncDispose]());

const nowhere = 'rtsp://127.0.0.1:9/none';
const add = (body: object) => administrator.call('POST', '/api/cameras', { siteId, url: nowhere, ...body });

test('a site has a name of its own and a zone that exists', async () => {
  const again = await administrator.call('POST', '/api/sites', { name: '东门 EAST GATE' });
  assert.equal(again.json.code, 'site.name-taken');
  const zone = await administrator.call('POST', '/api/sites', { name: 'Nowhere', timeZone: 'Mars/Olympus' });
  assert.equal(zone.json.code, 'site.time-zone');
  const renamed = await administrator.call('PATCH', `/api/sites/${siteId}`, { name: '东大门 Main gate' });
  assert.equal(renamed.json.name, '东大门 Main gate');
  const sites = await administrator.call('GET', '/api/sites');
  assert.deepEqual(
    sites.json.items.map((site: { name: string; timeZone: string }) => [site.name, site.timeZone]),
    [['东大门 Main gate', 'Asia/Urumqi']],
  );
  const unknown = await administrator.call('PATCH', '/api/sites/site_0123456789abcdefghjkmn', { name: 'x' });
  assert.equal(unknown.json.code, 'site.unknown');
});

test('a camera has a name of its own at its site, an address, and sound only with a basis', async () => {
  assert.equal((await add({ name: 'Door' })).status, 200);
  assert.equal((await add({ name: 'ＤＯＯＲ' })).json.code, 'camera.name-taken');
  assert.equal((await add({ name: 'Window', url: 'http://127.0.0.1/' })).json.code, 'camera.url');
  assert.equal((await add({ name: 'Window', subUrl: 'cam' })).json.code, 'camera.url');
  assert.equal((await add({ name: 'Window', soundBasis: '   ' })).json.code, 'camera.sound-basis');
  assert.equal(
    (await add({ name: 'Window', siteId: 'site_0123456789abcdefghjkmn' })).json.code,
    'site.unknown',
  );
  const based = await add({ name: 'Window', soundBasis: 'consent of the lecturer, no. 7' });
  assert.equal(based.json.soundBasis, 'consent of the lecturer, no. 7');
});

test('credentials are taken out of what was typed and are never seen again', async () => {
  const password = 'p@ss:w/rd#?%^[ü';
  const made = await add({ name: 'Pasted', url: `rtsp://root:${password}@127.0.0.1:9/live` });
  assert.equal(made.json.url, 'rtsp://127.0.0.1:9/live');
  assert.equal(made.json.user, 'root');
  assert.equal(made.json.hasPassword, true);
  const rows = await house.db.kysely.selectFrom('ledger').selectAll().execute();
  const everything = JSON.stringify([
    made.json,
    rows,
    await house.db.kysely.selectFrom('camera').selectAll().execute(),
  ]);
  assert.ok(!everything.includes('w/rd'), 'not in an answer, the ledger or a row');
  const { mode } = await stat(join(house.dataDir, 'keys'));
  assert.equal(mode & 0o777, 0o700);
  assert.equal((await stat(join(house.dataDir, 'keys', 'secrets.key'))).mode & 0o777, 0o600);
  const revision = made.json.revision;
  const without = await administrator.call('PATCH', `/api/cameras/${made.json.id}`, {
    revision,
    password: '',
  });
  assert.equal(without.json.hasPassword, false);
});

test('a probe says in one word what is right or wrong, and keeps nothing', async () => {
  const { mainUrl, user, password } = house.demo.cameras[0]!;
  const probe = async (body: object) => (await administrator.call('POST', '/api/cameras/probe', body)).json;
  const good = await probe({ url: mainUrl, user, password });
  assert.equal(good.ok, true, JSON.stringify(good));
  assert.match(good.codec, /^avc1/);
  assert.equal((await probe({ url: mainUrl, user, password: 'wrong' })).problem.code, 'bad-credentials');
  assert.equal((await probe({ url: mainUrl })).problem.code, 'needs-credentials');
  assert.equal((await probe({ url: `${mainUrl}/not/there`, user, password })).problem.code, 'not-found');
  assert.equal((await probe({ url: nowhere })).problem.code, 'port-closed');
  assert.equal((await probe({ url: 'rtsp://no-such-host.invalid/' })).problem.code, 'host-unknown');
  const count = await house.db.kysely.selectFrom('camera').select('url').where('url', '=', mainUrl).execute();
  assert.deepEqual(count, []);
});

test('a camera that moves to another host asks for its password again', async () => {
  const { mainUrl, user, password } = house.demo.cameras[0]!;
  const made = await add({ name: 'Mover', url: mainUrl, user, password });
  const elsewhere = mainUrl.replace('127.0.0.1', '127.0.0.2');
  const path = `/api/cameras/${made.json.id}`;
  for (const change of [{ url: elsewhere }, { subUrl: elsewhere }]) {
    const reply = await administrator.call('PATCH', path, { revision: made.json.revision, ...change });
    assert.equal(reply.json.code, 'camera.password-again');
  }
  const moved = await administrator.call('PATCH', path, {
    revision: made.json.revision,
    url: elsewhere,
    password,
  });
  assert.equal(moved.status, 200, JSON.stringify(moved.json));
});

test("a stored password is lent to the camera's own host and to no other", async () => {
  const { mainUrl, user, password } = house.demo.cameras[0]!;
  const made = await add({ name: 'Lender', url: mainUrl, user, password });
  const lent = await administrator.call('POST', '/api/cameras/probe', {
    url: mainUrl,
    cameraId: made.json.id,
  });
  assert.equal(lent.json.ok, true, JSON.stringify(lent.json));
  const heard: string[] = [];
  const thief = createServer((socket) => {
    socket.on('data', (data) => {
      heard.push(data.toString());
      socket.end('RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n');
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => thief.listen(0, '127.0.0.2', resolve));
  const { port } = thief.address() as { port: number };
  await administrator.call('POST', '/api/cameras/probe', {
    url: `rtsp://127.0.0.2:${port}/x`,
    cameraId: made.json.id,
  });
  thief.close();
  assert.ok(heard.length > 0);
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  assert.ok(!heard.join('').includes(basic) && !heard.join('').includes(password));
});
