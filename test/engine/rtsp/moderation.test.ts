/** Reads are gathered by sleeping between them, and nobody who waits for a packet is made to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Moderation } from '../../../src/engine/rtsp/index.ts';

/** A moderation over a clock that only sleep and the test move. */
function moderated() {
  const slept: number[] = [];
  let nowMs = 1_000;
  const clock = { wallMs: () => nowMs, monoMs: () => nowMs };
  const moderation = new Moderation(clock, (ms) => {
    slept.push(ms);
    nowMs += ms;
  });
  const packetAfter = async (ms: number) => {
    nowMs += ms;
    moderation.came();
    await setImmediate();
  };
  return { moderation, slept, packetAfter };
}

test('packets that come close together are followed by sleep until the period is over', async () => {
  const { slept, packetAfter } = moderated();
  await packetAfter(3);
  await packetAfter(1);
  await packetAfter(12);
  assert.deepEqual(slept, [37, 39, 28]);
});

test('many packets in one turn are followed by one sleep', async () => {
  const { moderation, slept, packetAfter } = moderated();
  for (let i = 0; i < 100; i++) moderation.came();
  await packetAfter(5);
  assert.deepEqual(slept, [35]);
});

test('a single camera, silent between its pictures, never waits', async () => {
  const { slept, packetAfter } = moderated();
  for (let i = 0; i < 5; i++) await packetAfter(40);
  assert.deepEqual(slept, []);
});

test('a turn that worked for the whole period is not followed by sleep', async () => {
  const { slept, packetAfter } = moderated();
  await packetAfter(40);
  await packetAfter(55);
  assert.deepEqual(slept, []);
});

test('nobody sleeps while someone hurries, and everybody again when the last one does not', async () => {
  const { moderation, slept, packetAfter } = moderated();
  const first = moderation.hurry();
  const second = moderation.hurry();
  await packetAfter(5);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await packetAfter(5);
  assert.deepEqual(slept, []);
  second[Symbol.dispose]();
  await packetAfter(0);
  assert.equal(slept.length, 1);
});
