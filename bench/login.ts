/**
 * login.guesses_min: guesses at a password that one account and one address can make, on a clock of the bench's own;
 * login.mb: what is remembered of a hundred thousand accounts and addresses that guess.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { accountRules, addressRules, Throttle, type ThrottleRules } from '../src/gate/index.ts';
import { say, tell } from './support/report.ts';

const minuteMs = 60_000;

/** Whoever guesses the moment it is allowed: guesses in each minute of the first hour. */
function guessesByMinute(rules: ThrottleRules): number[] {
  const throttle = new Throttle(rules);
  const found = new Array<number>(60).fill(0);
  let nowMs = 0;
  while (nowMs < 60 * minuteMs) {
    const waitMs = throttle.waitMs('one', nowMs);
    if (waitMs > 0) {
      nowMs += waitMs;
      continue;
    }
    throttle.count('one', nowMs);
    const minute = Math.floor(nowMs / minuteMs);
    found[minute] = (found[minute] ?? 0) + 1;
  }
  return found;
}

for (const [of, rules] of [
  ['account', accountRules],
  ['address', addressRules],
] as const) {
  const all = guessesByMinute(rules);
  const [first = 0] = all;
  const hour = all.reduce((sum, each) => sum + each, 0);
  say(`one ${of}: ${first} guesses in the first minute, ${hour} in the first hour`);
  const bound = rules.freeTries + 6;
  tell({
    ...{ metric: 'login.guesses_min', unit: '/min', at: { of, guessesInFirstHour: hour }, ours: first },
    ...{ must: `bounded, <= ${bound} in the first minute`, reached: first <= bound },
  });
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const usedBytes = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

const tried = 100_000;
const accounts = new Throttle(accountRules);
const addresses = new Throttle(addressRules);
const before = usedBytes();
for (let i = 0; i < tried; i++) {
  accounts.count(`person-number-${i}`, i);
  addresses.count(`2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}`, i);
}
const megabytes = (usedBytes() - before) / 1e6;
say(`${tried} tried, ${accounts.size} accounts and ${addresses.size} addresses remembered`);
tell({
  ...{ metric: 'login.mb', unit: 'MB', at: { accounts: accounts.size, addresses: addresses.size, tried } },
  ...{ ours: megabytes, must: 'bounded, <= 10', reached: megabytes <= 10 && accounts.size <= 10_000 },
});
