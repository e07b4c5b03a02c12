/** Every second since recording was ordered is footage or a gap with a cause, whatever the engine tells and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cover, type Gap, type Span } from '../../src/store/cover.ts';
import { type GapChange, newTrack, step, type Told, type Track, touchMs } from '../../src/store/gaps.ts';

interface Row {
  id: string;
  fromMs: number;
  toMs: number | null;
  cause: string;
  inside: boolean;
}

/** Rows as the database would hold them, and the track as the server does. */
class Shelf {
  rows = new Map<string, Row>();
  footage = new Map<string, { fromMs: number; toMs: number }>();
  track: Track;
  #ids = 0;

  constructor(orderedMs: number) {
    this.track = newTrack(orderedMs);
  }

  tell(told: Told): void {
    if (told.kind === 'recorded') {
      const known = this.footage.get(told.segment);
      const toMs = Math.max(known?.toMs ?? told.toMs, told.toMs);
      this.footage.set(told.segment, { fromMs: known?.fromMs ?? told.fromMs, toMs });
    }
    const { track, changes } = step(this.track, told, () => `gap${++this.#ids}`);
    this.track = track;
    for (const change of changes) this.#apply(change);
    const open = [...this.rows.values()].filter((row) => row.toMs === null);
    assert.ok(open.length <= 1, 'one open gap at most');
    assert.equal(open[0]?.id, track.open?.id, 'the open row is the open gap');
    assert.equal(open[0]?.fromMs, track.open?.fromMs);
    for (const row of this.rows.values())
      assert.ok(row.toMs === null || row.toMs > row.fromMs, 'a gap has a length');
  }

  #apply(change: GapChange): void {
    const row = this.rows.get(change.id)!;
    if (change.op === 'open') this.rows.set(change.id, { ...change, toMs: null, inside: false });
    else if (change.op === 'insert') this.rows.set(change.id, { ...change });
    else if (change.op === 'drop') this.rows.delete(change.id);
    else if (change.op === 'shift') row.fromMs = change.fromMs;
    else if (change.op === 'close') row.toMs = change.toMs;
    else row.cause = change.cause;
  }

  cover(window: Span) {
    const told = [...this.rows.values()].map(
      (row) =>
        ({ ...row, toMs: row.toMs ?? window.toMs, detail: {}, open: row.toMs === null }) as unknown as Gap,
    );
    return cover(window, [...this.footage.values()], told);
  }
}

function assertCovers(window: Span, { spans, gaps }: { spans: Span[]; gaps: Gap[] }): void {
  const pieces = [...spans, ...gaps].toSorted((a, b) => a.fromMs - b.fromMs);
  let atMs = window.fromMs;
  for (const piece of pieces) {
    assert.ok(piece.fromMs >= atMs, 'pieces do not overlap');
    assert.ok(piece.fromMs - atMs <= touchMs, `nothing is hidden between ${atMs} and ${piece.fromMs}`);
    atMs = piece.toMs;
  }
  assert.ok(window.toMs - atMs <= touchMs, 'covered to the end');
}

const anyMs = fc.integer({ min: -20_000, max: 200_000 });
const cause = fc.constantFrom(
  'unreachable',
  'stalled',
  'paused',
  'changed',
  'starting',
  'engine-restart',
  'retired',
);
const anyTold: fc.Arbitrary<Told> = fc.oneof(
  fc.record({
    kind: fc.constant('recorded'),
    segment: fc.constantFrom('a', 'b', 'c', 'd'),
    fromMs: anyMs,
    toMs: anyMs,
  }),
  fc.record({
    kind: fc.constant('opened'),
    atMs: anyMs,
    cause,
    detail: fc.constant({}),
    ordered: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('closed'), atMs: anyMs }),
  fc.record({ kind: fc.constant('passed'), fromMs: anyMs, toMs: anyMs, cause, detail: fc.constant({}) }),
  fc.record({ kind: fc.constant('clock-stepped'), byMs: anyMs }),
) as fc.Arbitrary<Told>;

test('any facts in any order leave one open gap at most and no hidden second', () => {
  fc.assert(
    fc.property(fc.array(anyTold, { maxLength: 40 }), (facts) => {
      const shelf = new Shelf(0);
      for (const told of facts) shelf.tell(told);
      const window = { fromMs: 0, toMs: 180_000 };
      assertCovers(window, shelf.cover(window));
    }),
    { numRuns: 3000 },
  );
});

type Act =
  | { act: 'record'; forMs: number; parts: number }
  | { act: 'lose'; forMs: number; next: 'unreachable' | 'stalled' | null }
  | { act: 'pause'; forMs: number }
  | { act: 'engine-dies'; lostMs: number; forMs: number }
  | { act: 'crash'; lostMs: number; forMs: number }
  | { act: 'clock'; byMs: number };

const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    act: fc.constant('record' as const),
    forMs: fc.integer({ min: 600, max: 90_000 }),
    parts: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({
    act: fc.constant('lose' as const),
    forMs: fc.integer({ min: 1, max: 60_000 }),
    next: fc.constantFrom('unreachable' as const, 'stalled' as const, null),
  }),
  fc.record({ act: fc.constant('pause' as const), forMs: fc.integer({ min: 1, max: 60_000 }) }),
  fc.record({
    act: fc.constant('engine-dies' as const),
    lostMs: fc.integer({ min: 0, max: 1000 }),
    forMs: fc.integer({ min: 100, max: 5000 }),
  }),
  fc.record({
    act: fc.constant('crash' as const),
    lostMs: fc.integer({ min: 0, max: 1000 }),
    forMs: fc.integer({ min: 100, max: 50_000 }),
  }),
);

/** An engine that keeps its promises, and a world that does not. */
class World {
  nowMs = 0;
  readonly shelf = new Shelf(0);
  #segments = 0;

  constructor() {
    this.shelf.tell({ kind: 'opened', atMs: 0, cause: 'starting', detail: {}, ordered: true });
  }

  do(act: Act): void {
    if (act.act === 'record') this.#record(act.forMs, act.parts);
    else if (act.act === 'lose') this.#lose(act.forMs, act.next);
    else if (act.act === 'pause') this.#pause(act.forMs);
    else if (act.act === 'clock') this.#setClock(act.byMs);
    else this.#die(act.act === 'crash' ? 'system-crash' : 'engine-restart', act.lostMs, act.forMs);
  }

  /** Resumes first: a gap that is open closes with the first picture. */
  #record(forMs: number, parts: number): void {
    const segment = `seg${++this.#segments}`;
    const fromMs = this.nowMs;
    if (this.shelf.track.open) this.shelf.tell({ kind: 'closed', atMs: fromMs });
    for (let part = 1; part <= parts; part++) {
      this.shelf.tell({ kind: 'recorded', segment, fromMs, toMs: fromMs + (forMs * part) / parts });
    }
    this.nowMs += forMs;
  }

  #lose(forMs: number, next: 'unreachable' | 'stalled' | null): void {
    this.shelf.tell({ kind: 'opened', atMs: this.nowMs, cause: 'stalled', detail: {} });
    this.nowMs += forMs;
    if (next) this.shelf.tell({ kind: 'opened', atMs: this.nowMs, cause: next, detail: {} });
  }

  /** The last half second is still on its way when the order is given. */
  #pause(forMs: number): void {
    this.shelf.tell({
      kind: 'opened',
      atMs: this.nowMs + 300,
      cause: 'paused',
      detail: { by: 'lin' },
      ordered: true,
    });
    this.nowMs += forMs + 300;
    this.shelf.tell({ kind: 'opened', atMs: this.nowMs, cause: 'starting', detail: {}, ordered: true });
  }

  #die(cause: 'system-crash' | 'engine-restart', lostMs: number, forMs: number): void {
    this.nowMs += lostMs;
    this.shelf.tell({ kind: 'opened', atMs: this.nowMs, cause, detail: {} });
    this.nowMs += forMs;
    this.shelf.tell({ kind: 'opened', atMs: this.nowMs, cause: 'starting', detail: {} });
  }

  #setClock(byMs: number): void {
    this.nowMs += byMs;
    this.shelf.tell({ kind: 'clock-stepped', byMs });
  }
}

test('with an engine that tells what happens, nothing is unexplained', () => {
  fc.assert(
    fc.property(fc.array(acts, { maxLength: 30 }), (history) => {
      const world = new World();
      for (const act of history) world.do(act);
      const window = { fromMs: 0, toMs: world.nowMs };
      const covered = world.shelf.cover(window);
      assertCovers(window, covered);
      assert.deepEqual(
        covered.gaps.filter((gap) => gap.cause === 'unexplained'),
        [],
      );
    }),
    { numRuns: 2000 },
  );
});

test('a clock that is set back and forth hides nothing, and set forward while recording is named', () => {
  const step = fc.record({
    act: fc.constant('clock' as const),
    byMs: fc.integer({ min: -3_600_000, max: 3_600_000 }),
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(acts, step), { maxLength: 30 }), (history) => {
      const world = new World();
      let newestMs = 0;
      for (const act of history) {
        world.do(act);
        newestMs = Math.max(newestMs, world.nowMs);
      }
      const window = { fromMs: 0, toMs: newestMs };
      assertCovers(window, world.shelf.cover(window));
    }),
    { numRuns: 2000 },
  );
  const world = new World();
  world.do({ act: 'record', forMs: 10_000, parts: 2 });
  world.do({ act: 'clock', byMs: 3_600_000 });
  world.do({ act: 'record', forMs: 10_000, parts: 2 });
  const { gaps } = world.shelf.cover({ fromMs: 0, toMs: world.nowMs });
  assert.deepEqual(
    gaps.map(({ fromMs, toMs, cause }) => [fromMs, toMs, cause]),
    [[10_000, 3_610_000, 'clock-step']],
  );
});

test('the cause of a gap moves, and each stretch keeps its own', () => {
  const world = new World();
  world.do({ act: 'record', forMs: 10_000, parts: 4 });
  world.do({ act: 'lose', forMs: 5_000, next: 'unreachable' });
  world.nowMs += 20_000;
  world.do({ act: 'record', forMs: 10_000, parts: 4 });
  const { spans, gaps } = world.shelf.cover({ fromMs: 0, toMs: world.nowMs });
  assert.deepEqual(spans, [
    { fromMs: 0, toMs: 10_000 },
    { fromMs: 35_000, toMs: 45_000 },
  ]);
  assert.deepEqual(
    gaps.map(({ fromMs, toMs, cause }) => [fromMs, toMs, cause]),
    [
      [10_000, 15_000, 'stalled'],
      [15_000, 35_000, 'unreachable'],
    ],
  );
});

test('one absence is one gap, whichever way it is found; the last trouble stands', () => {
  const shelf = new Shelf(0);
  const away = (atMs: number, detail: { problem: string; seconds?: number }) =>
    shelf.tell({ kind: 'opened', atMs, cause: 'unreachable', detail });
  shelf.tell({ kind: 'recorded', segment: 'a', fromMs: 0, toMs: 9_700 });
  away(9_700, { problem: 'closed' });
  away(10_100, { problem: 'port-closed' });
  away(30_000, { problem: 'no-answer', seconds: 10 });
  away(42_000, { problem: 'no-answer', seconds: 10.1 });
  assert.deepEqual(shelf.track.open?.detail, { problem: 'no-answer', seconds: 10 });
  shelf.tell({ kind: 'opened', atMs: 43_000, cause: 'refused', detail: { problem: 'bad-credentials' } });
  shelf.tell({ kind: 'closed', atMs: 50_000 });
  shelf.tell({ kind: 'recorded', segment: 'b', fromMs: 50_000, toMs: 60_000 });
  assert.deepEqual(
    shelf.cover({ fromMs: 0, toMs: 60_000 }).gaps.map(({ fromMs, toMs, cause }) => [fromMs, toMs, cause]),
    [
      [9_700, 43_000, 'unreachable'],
      [43_000, 50_000, 'refused'],
    ],
  );
});

test('what a person paused, no fact of the engine resumes', () => {
  const shelf = new Shelf(0);
  shelf.tell({ kind: 'recorded', segment: 'a', fromMs: 0, toMs: 9_700 });
  shelf.tell({ kind: 'opened', atMs: 10_000, cause: 'paused', detail: { by: 'lin' }, ordered: true });
  shelf.tell({ kind: 'recorded', segment: 'a', fromMs: 0, toMs: 10_200 });
  shelf.tell({ kind: 'opened', atMs: 12_000, cause: 'unreachable', detail: {} });
  shelf.tell({ kind: 'closed', atMs: 13_000 });
  assert.deepEqual(
    shelf
      .cover({ fromMs: 0, toMs: 20_000 })
      .gaps.map(({ fromMs, toMs, cause, open }) => [fromMs, toMs, cause, open]),
    [[10_200, 20_000, 'paused', true]],
  );
});

test('pictures lost inside of a segment are a gap, though the segment spans them', () => {
  const shelf = new Shelf(0);
  shelf.tell({ kind: 'recorded', segment: 'a', fromMs: 0, toMs: 10_000 });
  shelf.tell({ kind: 'passed', fromMs: 4_000, toMs: 5_000, cause: 'network-loss', detail: { packets: 9 } });
  const { spans, gaps } = shelf.cover({ fromMs: 0, toMs: 10_000 });
  assert.deepEqual(spans, [
    { fromMs: 0, toMs: 4_000 },
    { fromMs: 5_000, toMs: 10_000 },
  ]);
  assert.deepEqual(
    gaps.map(({ fromMs, toMs, cause }) => [fromMs, toMs, cause]),
    [[4_000, 5_000, 'network-loss']],
  );
});
