/** The framer between processes: whole messages whatever the cuts, and a bound that holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, Refusal } from '../../../src/base/index.ts';
import { FramingError, LengthPrefixed, lengthPrefixed, Peer } from '../../../src/engine/ipc.ts';

test('messages come out as they went in, wherever the stream is cut', () => {
  const message = fc.uint8Array({ maxLength: 200 });
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), cuts, (messages, sizes) => {
      const stream = Buffer.concat(messages.map(lengthPrefixed));
      const framer = new LengthPrefixed(200);
      const out: Buffer[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = sizes[i % sizes.length] as number;
        out.push(...framer.push(stream.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(
        out.map((bytes) => [...bytes]),
        messages.map((bytes) => [...bytes]),
      );
    }),
  );
});

test('a length over the bound ends the stream before anything is kept for it', () => {
  const framer = new LengthPrefixed(1000);
  assert.throws(() => framer.push(Buffer.from([0xff, 0xff, 0xff, 0xff])), FramingError);
  assert.throws(() => framer.push(Buffer.from([0, 0, 0, 0])), FramingError);
});

test('any bytes are either messages within the bound or a framing error', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 30 }), (chunks) => {
      const framer = new LengthPrefixed(300);
      try {
        for (const chunk of chunks)
          for (const message of framer.push(chunk)) assert.ok(message.length <= 300);
      } catch (error) {
        assert.ok(error instanceof FramingError);
      }
    }),
  );
});

function pair(handlers: ConstructorParameters<typeof Peer>[1]): { near: Peer; far: Peer } {
  const near: Peer = new Peer((message) => queueMicrotask(() => far.receive(structuredClone(message))), {
    asks: {},
    tells: {},
  });
  const far: Peer = new Peer(
    (message) => queueMicrotask(() => near.receive(structuredClone(message))),
    handlers,
  );
  return { near, far };
}

test('a question is answered with a value, a refusal or a fault, each as it was', async () => {
  const { near } = pair({
    asks: {
      ping: () => ({ lagMs: 7 }),
      still: () => {
        throw new Refusal('still.no-ffmpeg', { a: 1 });
      },
      plan: () => {
        throw new Fault('disk', { retry: true });
      },
    },
    tells: {},
  });
  assert.deepEqual(await near.ask('ping', null), { lagMs: 7 });
  await assert.rejects(
    near.ask('still', { ticket: 't', atMs: null, width: null }),
    (error) => error instanceof Refusal && error.code === 'still.no-ffmpeg' && error.values.a === 1,
  );
  await assert.rejects(near.ask('plan', { ticket: 't' }), (error) => error instanceof Fault && error.retry);
  await assert.rejects(near.ask('drop', { source: 's' }), Fault);
});

test('whoever is gone or silent leaves no question open', async () => {
  const { near } = pair({ asks: { ping: () => new Promise(() => {}) }, tells: {} });
  await assert.rejects(near.ask('ping', null, 20), /within 20 ms/);
  const waiting = near.ask('ping', null);
  near.ended('it died');
  await assert.rejects(waiting, /it died/);
  await assert.rejects(near.ask('ping', null), /it died/);
});
