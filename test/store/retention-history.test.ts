/**
 * Random histories against the real rules, the real plan and the real clock's logic, and no disk: record, hold, release,
 * mark, change policy and profile, set the clock, ask for erasure, reap, crash half-way. Thousands of steps a run; the
 * same with files, keys and database is retention-on-disk.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  judgePolicy,
  keepingOn,
  localDay,
  type Policy,
  periodMs,
  type SiteLaw,
} from '../../src/law/index.ts';
import { cover, type Gap, type Span } from '../../src/store/cover.ts';
import { type Behind, type ClockBelief, confirmed, look, timesOf } from '../../src/store/reaper-clock.ts';
import {
  type CameraKeeping,
  type HoldSpan,
  isHeld,
  type MarkSpan,
  momentsOfSegment,
  sentenceOf,
} from '../../src/store/retention-plan.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const beganMs = Date.parse('2026-01-05T03:00:00Z');
const aheadMs = 10 * 60_000;
const timeZone = 'Europe/Paris';

interface Segment {
  readonly id: number;
  readonly startMs: number;
  readonly endMs: number;
  /** When it was recorded in truth; the clock may have said otherwise. */
  readonly trueStartMs: number;
  readonly trueEndMs: number;
}

type Act =
  | { readonly kind: 'record'; readonly hours: number }
  | { readonly kind: 'quiet'; readonly hours: number }
  | { readonly kind: 'hold'; readonly ago: number; readonly hours: number; readonly until: number | null }
  | { readonly kind: 'release'; readonly which: number }
  | { readonly kind: 'mark'; readonly ago: number; readonly hours: number; readonly days: number | null }
  | { readonly kind: 'policy'; readonly days: number | null; readonly why: boolean }
  | { readonly kind: 'decide'; readonly keeps: 'floor' | 'ceiling' }
  | { readonly kind: 'profiles'; readonly profiles: readonly string[] }
  | { readonly kind: 'erase'; readonly ago: number; readonly hours: number }
  | { readonly kind: 'clock'; readonly days: number }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'reap'; readonly crashAfter: number };

const hoursBack = fc.integer({ min: 0, max: 60 * 24 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('record' as const), hours: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('quiet' as const), hours: fc.integer({ min: 1, max: 20 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('hold' as const),
      ago: hoursBack,
      hours: fc.integer({ min: 1, max: 100 }),
      until: fc.option(fc.integer({ min: 1, max: 900 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('mark' as const),
      ago: hoursBack,
      hours: fc.integer({ min: 1, max: 50 }),
      days: fc.option(fc.integer({ min: 1, max: 90 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('policy' as const),
      days: fc.option(fc.integer({ min: 1, max: 70 })),
      why: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      keeps: fc.constantFrom('floor', 'ceiling'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('profiles' as const),
      profiles: fc.constantFrom(
        ['cn-national'],
        ['cn-liaoning', 'school'],
        ['fr'],
        ['es'],
        ['eu-gdpr'],
        ['cn-national', 'nursery'],
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('erase' as const),
      ago: hoursBack,
      hours: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      days: fc.constantFrom(-365, -30, -0.9, -0.02, 0.02, 0.5, 0.9, 2, 30, 365),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('confirm' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('reap' as const),
      crashAfter: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(20)),
    }),
  },
);

/** One camera of one site, without disk and database: its index, its certificates, its clock. */
class History {
  segments: Segment[] = [];
  readonly all: Segment[] = [];
  readonly certified: Segment[] = [];
  /** Ordered before a crash: taken up by the next pass. */
  ordered: Segment[] = [];
  holds: HoldSpan[] = [];
  marks: MarkSpan[] = [];
  erasures: Span[] = [];
  trueMs = beganMs;
  /** The machine's clock is so far off. */
  offMs = 0;
  belief: ClockBelief = confirmed({ boot: '', upMs: 0, wallMs: beganMs });
  behind: Behind[] = [];
  site: SiteLaw = {
    profiles: ['cn-national'],
    placeClass: 'art7.2-operator',
    placeType: null,
    keyTarget: false,
  };
  policy: Policy = { period: null, justification: '', decision: null };

  of(nowMs: number): CameraKeeping {
    return {
      keeping: keepingOn(this.site, this.policy, localDay(nowMs, timeZone)),
      givesWay: true,
      timeZone,
      ...{ holds: this.holds, marks: this.marks, erasures: this.erasures },
      behind: this.belief.behind ? [...this.behind, this.belief.behind] : this.behind,
    };
  }

  reading() {
    return { boot: '', upMs: this.trueMs - beganMs, wallMs: this.trueMs + this.offMs };
  }

  keep(belief: ClockBelief): void {
    this.belief = belief;
    this.behind.push(...belief.ended);
  }

  do(step: Act): void {
    const nowMs = this.trueMs;
    const spanOf = (ago: number, hours: number) => {
      const fromMs = nowMs - ago * hourMs;
      return { fromMs, toMs: fromMs + hours * hourMs };
    };
    switch (step.kind) {
      case 'record':
        for (let i = 0; i < step.hours * 2; i++) this.record();
        break;
      case 'quiet':
        this.trueMs += step.hours * hourMs;
        break;
      case 'hold': {
        const untilMs = step.until === null ? null : nowMs + step.until * hourMs;
        this.holds = [
          ...this.holds,
          { ...spanOf(step.ago, step.hours), id: `${this.holds.length}`, untilMs },
        ];
        break;
      }
      case 'release':
        this.holds = this.holds.filter((_, i) => i !== step.which % Math.max(1, this.holds.length));
        break;
      case 'mark': {
        const period = step.days === null ? null : { n: step.days, unit: 'day' as const };
        this.marks = [...this.marks, { ...spanOf(step.ago, step.hours), id: '', kind: 'important', period }];
        break;
      }
      case 'policy': {
        const period = step.days === null ? null : { n: step.days, unit: 'day' as const };
        this.settle(this.site, { period, justification: step.why ? 'why' : '', decision: null });
        break;
      }
      case 'decide': {
        const verdict = judgePolicy(this.of(nowMs).keeping!);
        if (verdict.kind !== 'conflict') break;
        const { floor, ceiling } = verdict.conflict;
        const name = [floor, ceiling]
          .map(({ answer }) => {
            const { n, unit } = answer.value as { n: number; unit: string };
            return `${answer.cite.instrument} ${answer.cite.article} ${n} ${unit}`;
          })
          .join(' > ');
        this.policy = { ...this.policy, decision: { conflict: name, keeps: step.keeps } };
        break;
      }
      case 'profiles':
        this.settle({ ...this.site, profiles: step.profiles }, this.policy);
        break;
      case 'erase':
        this.erasures = [...this.erasures, spanOf(step.ago, step.hours)];
        break;
      case 'clock':
        this.offMs = step.days * dayMs;
        // The engine tells of a step at once, and the reaper looks.
        this.keep(look(this.belief, this.reading()));
        break;
      case 'confirm':
        this.offMs = 0;
        this.keep(confirmed(this.reading(), this.belief));
        break;
      case 'reap':
        this.reap(step.crashAfter);
    }
  }

  record(): void {
    const trueEndMs = this.trueMs + hourMs / 2;
    const dated = { startMs: this.trueMs + this.offMs, endMs: trueEndMs + this.offMs };
    const segment = { id: this.all.length, ...dated, trueStartMs: this.trueMs, trueEndMs };
    this.trueMs = trueEndMs;
    this.segments.push(segment);
    this.all.push(segment);
  }

  /** As the server does: what the law refuses is not saved. */
  settle(site: SiteLaw, policy: Policy): void {
    const { kind } = judgePolicy(keepingOn(site, policy, localDay(this.trueMs, timeZone)));
    if (kind === 'below-floor' || kind === 'above-ceiling') return;
    this.site = site;
    this.policy = policy;
  }

  reap(crashAfter: number): void {
    this.keep(look(this.belief, this.reading()));
    if (this.belief.doubt !== null) return;
    const { earliestMs: nowMs, latestMs } = timesOf(this.belief);
    this.takeUp(Number.POSITIVE_INFINITY);
    const of = this.of(nowMs);
    const at = { nowMs, aheadMs: latestMs - nowMs + aheadMs };
    const going = this.segments.filter((one) => sentenceOf(one, of, at).kind === 'delete');
    for (const segment of going) this.mayGo(segment, of, nowMs);
    this.certified.push(...going);
    this.ordered = going;
    this.takeUp(crashAfter);
    if (crashAfter === Number.POSITIVE_INFINITY) this.nothingOverdue(of, nowMs);
  }

  /** Deletes what was ordered; a crash leaves the rest for the next pass. */
  takeUp(atMost: number): void {
    const gone = new Set(this.ordered.slice(0, atMost).map(({ id }) => id));
    this.segments = this.segments.filter(({ id }) => !gone.has(id));
    this.ordered = this.ordered.filter(({ id }) => !gone.has(id));
  }

  /** The promise, said without the planner's words: from the law's own numbers. */
  mayGo(segment: Segment, of: CameraKeeping, nowMs: number): void {
    assert.ok(nowMs <= this.trueMs, 'the reaper acts by a time that has not come');
    assert.ok(!isHeld(of, segment, this.trueMs), 'a held segment is never deleted');
    const { floor, ceiling, policy } = of.keeping!;
    const on = localDay(segment.endMs, timeZone);
    const floorMs = floor.value ? segment.trueEndMs + periodMs(floor.value, on) : segment.trueEndMs;
    const ceilingMs = ceiling.value ? segment.endMs + periodMs(ceiling.value, on) : null;
    const gaveWay = ceilingMs !== null && ceilingMs < floorMs && policy.decision?.keeps === 'ceiling';
    if (!gaveWay) assert.ok(this.trueMs >= floorMs, 'a segment under the floor is never deleted');
  }

  nothingOverdue(of: CameraKeeping, nowMs: number): void {
    for (const segment of this.segments) {
      const moments = momentsOfSegment(segment, of);
      if (!moments || moments.undecided || isHeld(of, segment, nowMs)) continue;
      if (moments.latestMs !== null)
        assert.ok(nowMs < moments.latestMs, 'nothing lives past its ceiling unless held');
    }
  }

  /** Footage, what was deleted, and the quiet between: they are the whole time. */
  isWhole(): void {
    const window = { fromMs: beganMs, toMs: this.trueMs };
    const deleted = this.all.filter((one) => !this.segments.includes(one));
    const gaps = deleted.map(
      ({ trueStartMs, trueEndMs }): Gap => ({
        ...{ fromMs: trueStartMs, toMs: trueEndMs, cause: 'deleted', detail: { certificate: 1 } },
        ...{ open: false, inside: false },
      }),
    );
    const footage = this.segments.map(({ trueStartMs, trueEndMs }) => ({
      ...{ fromMs: trueStartMs, toMs: trueEndMs },
    }));
    const covered = cover(window, footage, gaps);
    const sum = [...covered.spans, ...covered.gaps].reduce(
      (total, { fromMs, toMs }) => total + toMs - fromMs,
      0,
    );
    assert.equal(sum, window.toMs - window.fromMs);
    const certified = new Set(this.certified.map(({ id }) => id));
    for (const { id } of deleted) assert.ok(certified.has(id), 'what is gone has its certificate');
    const left = new Set(this.segments.map(({ id }) => id));
    for (const { id } of this.certified)
      assert.ok(
        !left.has(id) || this.ordered.some((one) => one.id === id),
        'what is certified is gone, or is going',
      );
  }
}

describe('over random histories', () => {
  it('no floor and no hold is broken, nothing lives past its ceiling, and the time is whole', () => {
    let deleted = 0;
    let steps = 0;
    fc.assert(
      fc.property(fc.array(act, { minLength: 150, maxLength: 400 }), (acts) => {
        const history = new History();
        for (const step of acts) history.do(step);
        history.isWhole();
        steps += acts.length;
        deleted += history.all.length - history.segments.length;
      }),
      { numRuns: 30 },
    );
    assert.ok(steps > 4_000, `${steps} steps`);
    assert.ok(deleted > 1_500, `only ${deleted} segments were ever deleted`);
  });
});
