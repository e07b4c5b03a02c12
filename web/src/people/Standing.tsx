/** How a person stands with what the law wants on record: kind by kind, with what runs out when. */
import { Link } from '@tanstack/react-router';
import type { z } from 'zod';
import { type gate, people } from '../../../src/contract/index.ts';
import { isPersonRecordKind, personRecordKinds } from '../../../src/law/index.ts';
import { useCall } from '../api.ts';
import { useMe } from '../session.ts';
import { Loaded, Notice } from '../shell/states.tsx';
import { timeParts } from '../time.ts';
import { type Language, useLanguage, useWords } from '../useWords.ts';
import { standingWords } from '../words/people.ts';

export type PersonStanding = z.output<typeof gate.personStanding>;

/** The last day on which something holds that ends at this moment. */
export const lastDay = (ends: string): string => timeParts(Date.parse(ends) - 1).date;

export const sayKind = (kind: string, lang: Language): string =>
  isPersonRecordKind(kind) ? personRecordKinds[kind].name[lang] : kind;

export function sayKinds(standings: readonly PersonStanding[], lang: Language): string {
  return standings.map(({ kind }) => sayKind(kind, lang)).join(lang === 'zh' ? '、' : ', ');
}

export function StandingList({ records }: { records: readonly PersonStanding[] }) {
  const t = useWords(standingWords);
  const lang = useLanguage();
  return (
    <ul className="standing">
      {records.map(({ kind, needed, met, ends }) => (
        <li key={kind} className={met ? undefined : needed ? 'standing-missing' : 'standing-owed'}>
          <span>
            {sayKind(kind, lang)} {!met && <span className="tag">{t(needed ? 'needed' : 'owed')}</span>}
          </span>
          <span className={met ? 'soft number' : 'number'}>
            {ends === null ? t('notThere') : t(met ? 'onRecord' : 'ranOut', { day: lastDay(ends) })}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function OwnStanding() {
  const t = useWords(standingWords);
  const found = useCall(people.ownStanding, {}, { staleTime: 0 });
  return (
    <Loaded of={found} rows={3}>
      {({ inert, founding, clearedUntil, records }) => (
        <>
          {inert && (
            <Notice>
              {t('inertSays')} {t('inertBecause')}
            </Notice>
          )}
          {founding && clearedUntil && (
            <Notice tone="info">{t('founding', { day: lastDay(clearedUntil) })}</Notice>
          )}
          <StandingList records={records} />
        </>
      )}
    </Loaded>
  );
}

/** Above every page, as long as whoever set Custos up works by their own word. */
export function FoundingNote() {
  const t = useWords(standingWords);
  const { foundingUntil, inert } = useMe();
  if (inert)
    return (
      <div className="line-state" role="status">
        {t('inertSays')} <Link to="/me">{t('foundingLink')}</Link>
      </div>
    );
  if (foundingUntil === null) return null;
  return (
    <div className="line-state" role="status">
      {t('founding', { day: lastDay(foundingUntil) })} <Link to="/me">{t('foundingLink')}</Link>
    </div>
  );
}
