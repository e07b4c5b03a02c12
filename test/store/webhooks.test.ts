/** Who is told: signed messages in order, tried again, never sent into a nearer network or after a redirect. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { isNoNearer, reachOf } from '../../src/transmit/post.ts';
import { until } from '../support/custos.ts';
import { callerWith, ledgerRows, type TestCaller } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';

let house: House;
let administrator: TestCaller;
before(async () => {
  house = await openHouse();
  administrator = await callerWith(house, 'administrator');
});
after(() => house?.[Symbol.asyncDispose]());

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function receiver(answer: () => { status: number; location?: string }) {
  const got: Got[] = [];
  const server = createServer((request, reply) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { status, location } = answer();
      if (status === 200) got.push({ headers: request.headers, body });
      reply.writeHead(status, location ? { location } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    got,
    url: `http://127.0.0.1:${port}/told`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function limit(limitBytes: number): Promise<void> {
  const body = { limitBytes, reserveBytes: 0, reason: 'for a test' };
  const answer = await administrator.call('PATCH', '/api/storage/volumes/footage', body);
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
}

const event = (kind: string) =>
  house.db.kysely
    .insertInto('storage_event')
    .values({ at: new Date(), kind, volume_id: 'footage', camera_id: null, detail: '{"volume":"footage"}' })
    .execute();

test('an address is told what happens after it was added, signed, in order, and once', async () => {
  await using hook = await receiver(() => ({ status: 200 }));
  await event('volume-away');
  const added = await administrator.call('POST', '/api/webhooks', { url: hook.url });
  assert.equal(added.status, 200, JSON.stringify(added.json));
  assert.equal(added.json.webhook.reaches, 'loopback');
  const { secret } = added.json;
  for (const kind of ['ladder', 'volume-back']) await event(kind);
  await until('both came', () => (hook.got.length >= 2 ? true : undefined));
  const kinds = hook.got.map(({ body }) => JSON.parse(body).kind);
  assert.deepEqual(kinds, ['storage.ladder', 'storage.volume-back']);
  for (const { headers, body } of hook.got) {
    const [, at, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['custos-signature'])) ?? [];
    assert.equal(v1, createHmac('sha256', secret).update(`${at}.${body}`).digest('hex'));
    assert.equal(headers['custos-delivery'], JSON.parse(body).id);
  }
  const again = await administrator.call('GET', '/api/webhooks');
  assert.ok(!JSON.stringify(again.json).includes(secret), 'it is shown once');
  assert.ok(!JSON.stringify(await ledgerRows(house)).includes(secret));
  const test = await administrator.call('POST', `/api/webhooks/${added.json.webhook.id}/test`, {});
  assert.equal(test.json.state, 'delivered', JSON.stringify(test.json));
  await administrator.call('DELETE', `/api/webhooks/${added.json.webhook.id}`, {});
  assert.equal((await administrator.call('GET', '/api/webhooks')).json.items.length, 0);
});

test('one that refuses is tried again, and what went wrong can be seen; a redirect is not followed', async () => {
  let status = 500;
  await using hook = await receiver(() => ({ status, location: 'http://127.0.0.1:1/elsewhere' }));
  const added = await administrator.call('POST', '/api/webhooks', { url: hook.url });
  await event('ladder');
  const own = async () => {
    const { items } = (await administrator.call('GET', '/api/webhooks/deliveries')).json;
    return items.find((one: { webhookId: string }) => one.webhookId === added.json.webhook.id);
  };
  const failed = await until('it was tried', async () => {
    const one = await own();
    return one?.tries > 0 ? one : undefined;
  });
  assert.deepEqual([failed.state, failed.problem, failed.status], ['waiting', 'refused', 500]);
  status = 302;
  const redirected = await administrator.call('POST', `/api/webhooks/${added.json.webhook.id}/test`, {});
  assert.deepEqual([redirected.json.problem, redirected.json.state], ['redirected', 'given-up']);
  status = 200;
  house.clock.aheadMs += 60_000;
  await until('it came in the end', () => (hook.got.length > 0 ? true : undefined));
  await administrator.call('DELETE', `/api/webhooks/${added.json.webhook.id}`, {});
});

test('a camera that will fall below its floor: days ahead it is on the board, in the ledger and told, once', async () => {
  await using hook = await receiver(() => ({ status: 200 }));
  const told = () =>
    hook.got.map(({ body }) => JSON.parse(body)).filter(({ kind }) => kind === 'storage.forecast');
  const added = await administrator.call('POST', '/api/webhooks', { url: hook.url });
  const camera = await house.add(house.demo.cameras[0]!);
  const { siteId, name } = house.cameras.require(camera);
  const kept = await administrator.call('PUT', `/api/sites/${siteId}/keeping`, {
    ...{ profiles: ['cn-national'], placeClass: 'art7.1-government', placeType: null, keyTarget: false },
    ...{ period: null, justification: '', givesWay: true },
  });
  assert.equal(kept.status, 200, JSON.stringify(kept.json));
  // A hundred megabytes a day for twenty days, thirty to be kept, and room for four days more.
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  for (let ago = 1; ago <= 20; ago++)
    await house.db.kysely
      .insertInto('recorded_day')
      .values({
        ...{ camera_id: camera, day: day(ago), bytes: 100e6 },
        ...{ recorded_ms: 86_400_000, lost_ms: 0, segments: 1_440 },
      })
      .execute();
  await limit(2.4e9);
  const { outlook } = house;
  await outlook.look();
  const { cameras } = (await administrator.call('GET', '/api/storage')).json;
  const { falls } = cameras.find(({ cameraId }: { cameraId: string }) => cameraId === camera);
  assert.ok(falls, 'what the house can hold is less than thirty days of it');
  const aheadMs = Date.parse(falls) - Date.now();
  assert.ok(aheadMs > 86_400_000 && aheadMs < 7 * 86_400_000, `${aheadMs} ms ahead`);
  const { items } = (await administrator.call('GET', '/api/storage/warnings')).json;
  assert.deepEqual(
    items.map(({ kind, cameraId, due, detail }: Record<string, unknown>) => [kind, cameraId, due, detail]),
    [['forecast', camera, falls, { floorDays: 30, day: falls.slice(0, 10) }]],
  );
  await until('it was told', () => told()[0]);
  assert.deepEqual(told()[0].detail, { camera: name, floorDays: 30, day: falls.slice(0, 10) });
  await outlook.look();
  await house.volumes.writer.written();
  const rows = (await ledgerRows(house)).filter(({ action }) => action === 'storage.warn');
  assert.deepEqual(
    rows.map(({ subject_id }) => subject_id),
    [camera],
  );

  // A larger disk: it is over, and that is told as well.
  await limit(5e9);
  await outlook.look();
  assert.deepEqual((await administrator.call('GET', '/api/storage/warnings')).json.items, []);
  await until('its end was told', () => hook.got.find(({ body }) => body.includes('storage.forecast-over')));
  assert.equal(told().length, 1, 'once');
  await administrator.call('DELETE', `/api/webhooks/${added.json.webhook.id}`, {});
});

test('only https, or http on this machine, and no credentials in the address', async () => {
  const codeOf = async (url: string) =>
    (await administrator.call('POST', '/api/webhooks', { url })).json.code;
  assert.equal(await codeOf('ftp://127.0.0.1/x'), 'webhook.url');
  assert.equal(await codeOf('http://192.0.2.7/x'), 'webhook.url');
  assert.equal(await codeOf('https://name:word@127.0.0.1/x'), 'webhook.url');
  assert.equal(await codeOf('https://169.254.169.254/latest'), 'webhook.host');
  assert.equal(await codeOf('https://no.such.host.invalid/'), 'webhook.host');
  const maintainer = await callerWith(house, 'maintainer');
  assert.equal((await maintainer.call('GET', '/api/webhooks')).json.code, 'gate.denied');
});

test('a name is never followed into a nearer network than the one that was seen', () => {
  assert.equal(reachOf('127.0.0.1'), 'loopback');
  assert.equal(reachOf('::1'), 'loopback');
  assert.equal(reachOf('::ffff:10.0.0.1'), 'private');
  assert.equal(reachOf('192.168.1.5'), 'private');
  assert.equal(reachOf('fd00::1'), 'private');
  assert.equal(reachOf('203.0.113.9'), 'public');
  for (const never of [
    '169.254.169.254',
    '0.0.0.0',
    '::',
    'fe80::1',
    '224.0.0.1',
    '255.255.255.255',
    '::ffff:7f00:1',
  ])
    assert.equal(reachOf(never), null, never);
  assert.ok(
    !isNoNearer('private', 'public') && !isNoNearer('loopback', 'private') && isNoNearer('public', 'private'),
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      assert.ok(['public', 'private', 'loopback', null].includes(reachOf(text)));
    }),
  );
});
