/** Short ways to write an answer, so that a profile reads like a table. */
import type { Answer, Cite, Scope } from '../clause.ts';

export type Instrument = Pick<Cite, 'instrument' | 'rank' | 'lang' | 'from'> &
  Partial<Pick<Cite, 'to' | 'confidence'>>;

/** `of(o799)('17', '应当保存不少于30日')` cites an article of an instrument. */
export const of =
  (instrument: Instrument) =>
  (article: string, quote: string, confidence: Cite['confidence'] = instrument.confidence ?? 'V'): Cite => ({
    ...instrument,
    article,
    quote,
    confidence,
  });

export const says = <V>(value: V, cite: Cite, scope?: Scope): Answer<V> =>
  scope ? { value, cite, scope } : { value, cite };
