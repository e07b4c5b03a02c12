/** Rules and periods in words: who says it, where, and for how long. */
import type { z } from 'zod';
import { type keeping, sayPeriod } from '../../../src/contract/index.ts';
import type { Reason as LawReason, Period } from '../../../src/law/index.ts';
import { sayRule } from '../../../src/law/index.ts';
import { language, useLanguage, useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';

export type Reason = z.output<typeof keeping.reason>;

const isoUnits: Readonly<Record<string, string>> = { day: 'D', workingDay: 'D', month: 'M', year: 'Y' };

export function periodText({ n, unit }: { readonly n: number; readonly unit: string }): string {
  return sayPeriod(unit === 'hour' ? `PT${n}H` : `P${n}${isoUnits[unit] ?? 'D'}`, language());
}

/** `State Council Order 799, art. 17`, in the reader's language. */
export const ruleText = (rule: { instrument: string; article: string }): string => sayRule(rule, language());

/** As the server sends it. */
export const fromLaw = ({ profile, answer: { value, cite } }: LawReason): Reason => ({
  ...{ clause: '', profile, instrument: cite.instrument, article: cite.article, quote: cite.quote },
  ...{ rank: cite.rank, period: value as Period },
});

/** `30 days` and below it who says so, with the words of the law where they are known. */
export function Rules({ of, none }: { of: readonly Reason[]; none: string }) {
  useLanguage();
  const [first] = of;
  if (!first) return <span className="soft">{none}</span>;
  return (
    <>
      <strong>{periodText(first.period)}</strong>
      {of.map((reason) => (
        <span key={reason.profile + reason.article} className="keeping-rule" title={reason.quote}>
          {ruleText(reason)}
        </span>
      ))}
    </>
  );
}

/** What an endpoint's `kept.why` is called. */
export function useKeptWhy(): (why: string) => string {
  const t = useWords(keepingWords);
  return (why) => {
    if (why === 'unknown-files') return t('kept_unknownFiles');
    return why === 'day-not-over' ? t('kept_dayNotOver') : t('kept_moreFootage');
  };
}
