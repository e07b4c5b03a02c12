/** The time that is proven: whatever is done to the clock, nothing is younger than the reaper believes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  apartMs,
  type Behind,
  backMs,
  type ClockBelief,
  confirmed,
  firstBelief,
  forwardMs,
  look,
  timesOf,
} from '../../src/store/reaper-clock.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const beganMs = Date.parse('2026-01-05T03:00:00Z');

/** A machine whose true time is known to the test, and whose clock says something else. */
class Machine {
  trueMs = beganMs;
  offMs = 0;
  upMs = 5 * minuteMs;
  boot = 'boot 0';
  belief: ClockBelief;
  readonly ended: Behind[] = [];

  constructor() {
    this.belief = confirmed(this.reading());
  }

  reading() {
    return { boot: this.boot, upMs: this.upMs, wallMs: this.trueMs + this.offMs };
  }

  run(ms: number): void {
    this.trueMs += ms;
    this.upMs += ms;
    this.keep(look(this.belief, this.reading()));
  }

  /** Without a look between the step and the next look there may be footage. */
  set(byMs: number): void {
    this.offMs += byMs;
  }

  restart(offForMs: number): void {
    this.trueMs += offForMs + minuteMs;
    this.upMs = minuteMs;
    this.boot = `boot ${this.trueMs}`;
    this.keep(look(this.belief, this.reading()));
  }

  confirm(): void {
    this.offMs = 0;
    this.keep(confirmed(this.reading(), this.belief));
  }

  keep(belief: ClockBelief): void {
    this.ended.push(...belief.ended);
    this.belief = belief;
  }

  get behind(): Behind[] {
    return this.belief.behind ? [...this.ended, this.belief.behind] : this.ended;
  }
}

test('a clock that goes on is believed, over restarts of Custos too', () => {
  const machine = new Machine();
  for (let i = 0; i < 1_000; i++) machine.run(5 * minuteMs);
  assert.equal(machine.belief.doubt, null);
  assert.equal(machine.belief.provenMs, machine.trueMs);
  assert.deepEqual(machine.behind, []);
});

test('many steps forward of less than a day each add nothing to the proven time, and together they are doubted', () => {
  const machine = new Machine();
  for (let i = 1; i <= 30; i++) {
    machine.set(hourMs);
    machine.run(5 * minuteMs);
    assert.equal(machine.belief.provenMs, machine.trueMs, `after step ${i}`);
    assert.equal(machine.belief.doubt, i * hourMs > forwardMs ? 'forward' : null, `after step ${i}`);
  }
});

test('the nights in which the machine is off count for nothing until somebody confirms the time', () => {
  const machine = new Machine();
  for (let night = 1; night <= 2; night++) {
    machine.run(10 * hourMs);
    machine.restart(10 * hourMs);
    assert.equal(apartMs(machine.belief), night * 10 * hourMs);
    assert.equal(machine.belief.doubt, null);
  }
  machine.run(10 * hourMs);
  machine.restart(10 * hourMs);
  assert.equal(machine.belief.doubt, 'forward');
  machine.confirm();
  assert.equal(machine.belief.doubt, null);
  assert.equal(machine.belief.provenMs, machine.trueMs);
  assert.deepEqual(machine.behind, [], 'the machine was off: its clock was right all the time');
});

test('a year forward, a year back: doubted at once, and right again when the clock is', () => {
  for (const [byMs, doubt] of [
    [365 * dayMs, 'forward'],
    [-365 * dayMs, 'back'],
  ] as const) {
    const machine = new Machine();
    machine.set(byMs);
    machine.run(5 * minuteMs);
    assert.equal(machine.belief.doubt, doubt);
    for (let week = 0; week < 5; week++) machine.run(7 * dayMs);
    assert.equal(machine.belief.doubt, doubt, 'it is not believed for being patient');
    machine.restart(0);
    assert.equal(machine.belief.doubt, doubt, 'nor after a restart');
    machine.set(-byMs);
    machine.run(5 * minuteMs);
    assert.equal(machine.belief.doubt, null);
  }
});

test('what is recorded while the clock is an hour behind is known to be an hour younger than its date', () => {
  const machine = new Machine();
  machine.run(hourMs);
  machine.set(-hourMs + minuteMs);
  machine.run(5 * minuteMs);
  assert.equal(machine.belief.doubt, null, 'less than an hour stops nothing');
  machine.run(5 * hourMs);
  machine.set(hourMs - minuteMs);
  const wrongFromMs = beganMs + minuteMs;
  machine.run(5 * minuteMs);
  const [behind, ...others] = machine.behind;
  assert.deepEqual(others, []);
  assert.ok(behind && behind.fromMs <= wrongFromMs && behind.toMs >= wrongFromMs + 5 * hourMs);
  assert.ok(behind.byMs >= hourMs - minuteMs && behind.byMs <= hourMs);
});

test('a clock that was wrong from the start of the machine is behind until somebody confirms that it was set right', () => {
  const machine = new Machine();
  machine.restart(0);
  machine.offMs = 0;
  machine.run(10 * hourMs);
  // A dead battery and no network: three months went by that nobody knows of; then a time server answers.
  const dated = { fromMs: machine.reading().wallMs - 10 * hourMs, toMs: machine.reading().wallMs };
  machine.set(90 * dayMs);
  machine.run(5 * minuteMs);
  assert.equal(machine.belief.doubt, 'forward');
  machine.keep(confirmed(machine.reading(), machine.belief));
  const [behind] = machine.behind;
  assert.ok(behind && behind.fromMs <= dated.fromMs && behind.toMs >= dated.toMs);
  assert.ok(behind.byMs >= 90 * dayMs);
});

test('when a person confirms a clock that was set back, what is recorded since is dated rightly', () => {
  const machine = new Machine();
  machine.set(-2 * hourMs);
  machine.run(5 * minuteMs);
  assert.equal(machine.belief.doubt, 'back');
  assert.ok(machine.belief.behind);
  machine.keep(confirmed(machine.reading(), machine.belief));
  assert.equal(machine.belief.doubt, null);
  assert.deepEqual(machine.behind, []);
});

test('a lost row is made again from the newest moment on record: older than a day is doubted', () => {
  const now = { boot: 'b', upMs: hourMs, wallMs: beganMs };
  assert.equal(firstBelief(now, null).doubt, null);
  assert.equal(firstBelief(now, beganMs - 5 * hourMs).doubt, null);
  assert.equal(firstBelief(now, beganMs - 5 * hourMs).provenMs, beganMs - 5 * hourMs);
  assert.equal(firstBelief(now, beganMs - 2 * dayMs).doubt, 'forward');
  assert.equal(firstBelief(now, beganMs + 2 * dayMs).doubt, 'back');
});

type Act =
  | { readonly kind: 'run'; readonly minutes: number }
  | { readonly kind: 'set'; readonly minutes: number }
  | { readonly kind: 'right' }
  | { readonly kind: 'restart'; readonly minutes: number }
  | { readonly kind: 'confirm' };
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('run' as const), minutes: fc.integer({ min: 0, max: 600 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      minutes: fc.oneof(
        fc.integer({ min: -90, max: 90 }),
        fc.integer({ min: -1_400, max: 1_400 }),
        fc.constantFrom(-525_600, 525_600),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('right' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      minutes: fc.integer({ min: 0, max: 2_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('confirm' as const) }) },
);

test('over random lives of a clock the proven time is never later than the truth, and what was dated too early is known', () => {
  let steps = 0;
  let dated = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 50, maxLength: 200 }), (acts) => {
      const machine = new Machine();
      // Pictures: when they were taken, and what the clock said then.
      const pictures: { trueMs: number; datedMs: number }[] = [];
      for (const step of acts) {
        if (step.kind === 'run') {
          pictures.push({ trueMs: machine.trueMs, datedMs: machine.reading().wallMs });
          machine.run(step.minutes * minuteMs);
        } else if (step.kind === 'set') machine.set(step.minutes * minuteMs);
        else if (step.kind === 'right') machine.offMs = 0;
        else if (step.kind === 'restart') {
          // The machine's own clock is right, and whoever starts it looks at the board.
          machine.offMs = 0;
          machine.restart(step.minutes * minuteMs);
          if (machine.belief.doubt !== null) machine.confirm();
        } else machine.confirm();
        const { provenMs, doubt } = machine.belief;
        assert.ok(provenMs <= machine.trueMs + 1, 'later than the truth');
        if (doubt !== null) continue;
        const { earliestMs } = timesOf(machine.belief);
        for (const { trueMs, datedMs } of pictures) {
          const byMs = machine.behind
            .filter((span) => span.fromMs <= datedMs && span.toMs >= datedMs)
            .reduce((most, span) => Math.max(most, span.byMs), 0);
          const ageMs = earliestMs - (datedMs + byMs);
          assert.ok(ageMs <= machine.trueMs - trueMs + 1, 'a picture is held to be older than it is');
        }
      }
      steps += acts.length;
      dated += pictures.filter(({ trueMs, datedMs }) => datedMs < trueMs - backMs).length;
    }),
    { numRuns: 200 },
  );
  assert.ok(steps > 8_000 && dated > 200, `${steps} steps, ${dated} pictures dated too early`);
});
