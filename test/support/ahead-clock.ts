/** The machine's clock, moved ahead by what a test says. */
import { type Clock, systemClock } from '../../src/base/index.ts';

export class AheadClock implements Clock {
  aheadMs = 0;

  wallMs(): number {
    return systemClock.wallMs() + this.aheadMs;
  }

  monoMs(): number {
    return systemClock.monoMs() + this.aheadMs;
  }
}
