/** The relay between engine and browser: whole frames in order, and a bound on what a slow browser costs. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createSocketServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { noLog, systemClock } from '../../src/base/index.ts';
import { relay } from '../../src/display/index.ts';
import { lengthPrefixed } from '../../src/engine/index.ts';

interface Line extends AsyncDisposable {
  /** The engine's end of its socket. */
  readonly engine: Socket;
  readonly browser: WebSocket;
  /** Bytes that wait for the browser in our process. */
  waiting(): number;
  readonly over: Promise<void>;
  readonly cut: AbortController;
}

/** Real sockets on both sides: engine → relay → browser. */
async function openLine(): Promise<Line> {
  const engines = createSocketServer().listen(0, '127.0.0.1');
  const web = createServer().listen(0, '127.0.0.1');
  await Promise.all([once(engines, 'listening'), once(web, 'listening')]);
  const sockets = new WebSocketServer({ server: web, perMessageDeflate: false, maxPayload: 1024 });
  const connected = once(engines, 'connection') as Promise<[Socket]>;
  const ours = connect((engines.address() as AddressInfo).port, '127.0.0.1');
  const [engine] = await connected;
  const accepted = once(sockets, 'connection') as Promise<[WebSocket]>;
  const browser = new WebSocket(`ws://127.0.0.1:${(web.address() as AddressInfo).port}`);
  browser.binaryType = 'nodebuffer';
  const [[socket]] = await Promise.all([accepted, once(browser, 'open')]);
  const cut = new AbortController();
  const over = relay(ours, socket, { clock: systemClock, log: noLog, cut: cut.signal });
  return {
    engine,
    browser,
    over,
    cut,
    waiting: () => socket.bufferedAmount + ours.readableLength,
    async [Symbol.asyncDispose]() {
      browser.terminate();
      engine.destroy();
      await over;
      sockets.close();
      web.close();
      engines.close();
    },
  };
}

const frame = (number: number, bytes: number): Buffer => {
  const body = Buffer.alloc(bytes, number % 251);
  body.writeUInt32BE(number, 0);
  return lengthPrefixed(body);
};

test('a reader who is slow gets nothing more once the view is cut', async () => {
  await using line = await openLine();
  for (const end of [line.browser, line.engine]) end.on('error', () => {});
  let seen = 0;
  line.browser.on('message', (data: Buffer) => {
    seen += data.length;
  });
  line.browser.pause();
  const bytes = 200 * 256 * 1024;
  for (let i = 0; i < 200; i++) line.engine.write(frame(i, 256 * 1024));
  while (line.waiting() < 512 * 1024) await new Promise((resolve) => setImmediate(resolve));
  const closed = new Promise<number>((resolve) => line.browser.on('close', resolve));
  line.cut.abort('revoked');
  await line.over;
  line.browser.resume();
  assert.notEqual(await closed, 1000, 'it does not look like an end of its own');
  assert.ok(seen < bytes / 2, `what waited is thrown away: ${seen} of ${bytes}`);
});

test('a reader who keeps up is told by the closing code that it was cut', async () => {
  await using line = await openLine();
  line.engine.write(frame(1, 100));
  await once(line.browser, 'message');
  const closed = once(line.browser, 'close') as Promise<[number]>;
  line.cut.abort('revoked');
  assert.equal((await closed)[0], 4403);
});

test('frames of every size arrive whole and in order', async () => {
  await using line = await openLine();
  const got: number[] = [];
  const all = new Promise<void>((resolve) => {
    line.browser.on('message', (data: Buffer) => {
      got.push(data.readUInt32BE(0));
      assert.equal(data[data.length - 1], data.length > 4 ? (got.length - 1) % 251 : data[3]);
      if (got.length === 400) resolve();
    });
  });
  for (let i = 0; i < 400; i++) {
    const size = i % 50 === 0 ? 3_000_000 : 4 + ((i * 7919) % 60_000);
    if (!line.engine.write(frame(i, size))) await once(line.engine, 'drain');
  }
  await all;
  assert.deepEqual(got, [...got.keys()]);
});

async function drainsWithin(socket: Socket, ms: number): Promise<boolean> {
  try {
    await once(socket, 'drain', { signal: AbortSignal.timeout(ms) });
    return true;
  } catch (error) {
    if ((error as Error).name === 'AbortError') return false;
    throw error;
  }
}

test('a browser that does not read holds the engine up and costs us a bounded memory', async () => {
  await using line = await openLine();
  line.browser.pause();
  let sent = 0;
  let most = 0;
  // The engine writes for as long as it is taken from; then its socket fills and stays full.
  for (let stalled = 0; stalled < 20 && sent < 20_000; ) {
    const isTaken = line.engine.write(frame(sent++, 32 * 1024));
    if (!isTaken) stalled = (await drainsWithin(line.engine, 100)) ? 0 : stalled + 1;
    most = Math.max(most, line.waiting());
  }
  assert.ok(sent < 2_000, `the engine was held up after ${sent} frames`);
  assert.ok(most < 3 * 1024 * 1024, `${most} bytes waited`);
  const got: number[] = [];
  const all = new Promise<void>((resolve) => {
    line.browser.on('message', (data: Buffer) => {
      got.push(data.readUInt32BE(0));
      if (got.length === sent) resolve();
    });
  });
  line.browser.resume();
  await all;
  assert.deepEqual(got, [...got.keys()], 'when it reads again, nothing is missing');
});

test('when the engine ends, the browser is closed; when the browser leaves, the engine is', async () => {
  await using first = await openLine();
  const closed = once(first.browser, 'close');
  first.engine.end();
  assert.equal((await closed)[0], 1000);
  await first.over;
  await using second = await openLine();
  const left = once(second.engine, 'close');
  second.engine.resume();
  second.browser.close();
  await left;
  await second.over;
});

test('an engine that breaks its framing closes the browser and nothing else', async () => {
  await using line = await openLine();
  const closed = once(line.browser, 'close');
  line.engine.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
  assert.equal((await closed)[0], 1011);
  await line.over;
});
