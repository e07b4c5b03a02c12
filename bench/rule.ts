/**
 * rule.per_s: rulings a second on one core, for a camera of a Liaoning hotel that is a key target under guard: the
 * clauses that its form, its refusal and its deletion ask, each with every profile that binds it.
 */
import { chainOf, collect, govern, lawFacts, rule, store } from '../src/law/index.ts';
import { camera, site } from './support/register.ts';
import { percentile, tell } from './support/report.ts';

const measureMs = Number(process.env.BENCH_RULE_MS ?? 2_000);
const rounds = 5;
const day = '2026-11-22';
const hotel = {
  ...site(0),
  ...{
    profiles: ['cn-liaoning', 'hotel', 'guard-service', 'company-policy'],
    placeType: 'hotel',
    keyTarget: true,
  },
};
const chain = chainOf(hotel);
const facts = lawFacts(hotel, camera(0, hotel.id));
const clauses = [
  ...[store.retentionFloor, store.retentionCeiling, store.importantFloor, collect.prohibitedInterior],
  ...[collect.beforeApproved, collect.beforeOperating, collect.maskOver, collect.sound],
  ...[govern.fileAfterGoLive, govern.fileChange, govern.registerFields, govern.mayReceive],
];

function measure(): number {
  let rulings = 0;
  let reasons = 0;
  const beganMs = performance.now();
  let tookMs = 0;
  while (tookMs < measureMs) {
    for (let i = 0; i < 100; i++)
      for (const clause of clauses) reasons += rule(clause, chain, day, facts).because.length;
    rulings += 100 * clauses.length;
    tookMs = performance.now() - beganMs;
  }
  if (reasons === 0) throw new Error('no profile said anything');
  return (rulings * 1_000) / tookMs;
}

measure();
const all = Array.from({ length: rounds }, measure);
tell({
  ...{ metric: 'rule.per_s', unit: '/s', at: { profiles: chain.length, clauses: clauses.length } },
  ...{ ours: percentile(all, 50), must: '>= 200000', reached: percentile(all, 50) >= 200_000 },
});
