/** A line on a terminal that says how far a long command is and how long it will take; findings pass above it. */
import type { Clock } from '../base/index.ts';
import type { Terminal } from './command.ts';

export interface Progress {
  at(done: number, of: number): void;
  say(sentence: string): void;
  end(): void;
}

const everyMs = 200;
const clear = '\r\u001b[K';

export function showProgress(at: { isShown: boolean; clock: Clock; terminal: Terminal }): Progress {
  const { isShown, clock, terminal } = at;
  const beganMs = clock.monoMs();
  let shownMs = beganMs;
  let line = '';
  return {
    at(done, of) {
      const nowMs = clock.monoMs();
      if (!isShown || nowMs - shownMs < everyMs) return;
      shownMs = nowMs;
      line = lineOf(done, of, nowMs - beganMs, terminal.language === 'zh');
      process.stderr.write(clear + line);
    },
    say(sentence) {
      if (isShown) process.stderr.write(clear);
      process.stdout.write(`${sentence}\n`);
      if (isShown) process.stderr.write(line);
    },
    end() {
      if (isShown) process.stderr.write(clear);
    },
  };
}

/** What was done so far says how long the rest takes. */
export function lineOf(done: number, of: number, tookMs: number, isChinese: boolean): string {
  const share = of > 0 ? Math.min(1, done / of) : 0;
  const percent = `${(share * 100).toFixed(1)} %`;
  if (share <= 0) return percent;
  const left = sayLeft((tookMs / share) * (1 - share));
  return isChinese ? `${percent}，约剩 ${left}` : `${percent}, about ${left} left`;
}

function sayLeft(ms: number): string {
  const s = Math.ceil(ms / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  return `${hours > 0 ? `${hours}:${two(Math.floor(s / 60) % 60)}` : Math.floor(s / 60)}:${two(s % 60)}`;
}
