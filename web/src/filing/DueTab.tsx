/** Each site: the clocks that run with their last day and article, what differs from what was filed, its documents. */
import { Button } from 'antd';
import { useState } from 'react';
import { filing } from '../../../src/contract/index.ts';
import { sayRule } from '../../../src/law/index.ts';
import { type ReplyOf, useChange } from '../api.ts';
import { useTell } from '../shell/controls.tsx';
import { Notice } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { filingWords } from '../words/filing.ts';
import { DocumentForm, Documents } from './Documents.tsx';
import { sayClock, sayDay, sayDocuments, sayFacts, sayField, sayList, sayPart, sayValue } from './says.ts';
import { UseForm } from './UseForm.tsx';

export type Site = ReplyOf<typeof filing.overview>['sites'][number];
export type Clock = Site['clocks'][number];

interface Props {
  readonly mayFile: boolean;
  readonly open: (id: string) => void;
}

/** What is most urgent stands first. */
const urgency = ({ clocks }: Site): number =>
  Math.min(...clocks.map(({ daysLeft }) => daysLeft ?? 0), clocks.length > 0 ? 10_000 : 20_000);

export function DueTab({ sites, ...rest }: Props & { sites: readonly Site[] }) {
  return sites
    .toSorted((a, b) => urgency(a) - urgency(b))
    .map((site) => <SitePanel key={site.siteId} site={site} {...rest} />);
}

function SitePanel({ site, mayFile, open }: Props & { site: Site }) {
  const t = useWords(filingWords);
  const [dialog, setDialog] = useState<'use' | 'document' | null>(null);
  return (
    <section className="panel filing-site" aria-label={site.siteName}>
      <div className="filing-site-head">
        <h2>{site.siteName}</h2>
        <span className={`tag filing-${site.state}`}>{t(`state_${site.state}`)}</span>
      </div>
      <p className="soft">
        {[
          site.organ,
          t('cameras', { count: site.cameras }),
          site.liveSince && t('liveSince', { day: site.liveSince }),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {site.clocks.length === 0 ? (
        <p>{t('nothingDue')}</p>
      ) : (
        <ul className="filing-clocks">
          {site.clocks.map((clock) => (
            <ClockLine key={`${clock.kind} ${clock.from}`} clock={clock} />
          ))}
        </ul>
      )}
      <Reminders site={site} />
      <Lacking site={site} />
      <Drift site={site} />
      {mayFile && site.state !== 'not-owed' && (
        <div className="tools">
          <Begin site={site} open={open} />
          <Button onClick={() => setDialog('use')}>{t('use')}</Button>
          <Button onClick={() => setDialog('document')}>{t('addDocument')}</Button>
        </div>
      )}
      <Documents site={site} mayFile={mayFile} />
      {dialog === 'use' && <UseForm site={site} close={() => setDialog(null)} />}
      {dialog === 'document' && <DocumentForm site={site} close={() => setDialog(null)} />}
    </section>
  );
}

function Begin({ site, open }: { site: Site; open: (id: string) => void }) {
  const t = useWords(filingWords);
  const tell = useTell();
  const start = useChange(filing.startFiling, [filing.overview, filing.filings]);
  const begin = () =>
    start
      .mutateAsync({ body: { siteId: site.siteId } })
      .then(({ id }) => open(id))
      .catch(tell.failed);
  if (site.draft) {
    const { draft } = site;
    return (
      <Button type="primary" onClick={() => open(draft)}>
        {t('openDraft')}
      </Button>
    );
  }
  return (
    <Button type="primary" loading={start.isPending} onClick={() => void begin()}>
      {t('start')}
    </Button>
  );
}

export function ClockLine({ clock }: { clock: Clock }) {
  const t = useWords(filingWords);
  const lang = useLanguage();
  const { kind, from, last, rolled, missingYear, because, changes } = clock;
  const when =
    last !== null
      ? t('by', { day: sayDay(last, lang) })
      : missingYear !== null
        ? t('missingYear', { year: missingYear })
        : t('atOnce');
  const tone =
    clock.state === 'overdue' ? 'loss' : clock.warning !== null && clock.warning <= 3 ? 'warn' : 'plain';
  const items = changes.map(({ field, cameraName }) =>
    cameraName ? `${sayField(field, lang)}: ${cameraName}` : sayField(field, lang),
  );
  return (
    <li className={`filing-clock filing-clock-${tone}`}>
      <p className="filing-clock-head">
        <strong>{sayClock(kind, lang)}</strong> <span>{t('since', { day: sayDay(from, lang) })}</span>
      </p>
      <p>
        <strong className="number">{when}</strong> <Left clock={clock} />
      </p>
      {items.length > 0 && (
        <p>
          {items.slice(0, 6).join(sayList[lang])} {items.length > 6 && t('more', { count: items.length - 6 })}
        </p>
      )}
      {last !== null && rolled !== null && rolled !== last && (
        <p className="soft">{t('rolled', { day: sayDay(rolled, lang) })}</p>
      )}
      {because.length > 0 && (
        <p className="soft">
          {t('because')}: {[...new Set(because.map((rule) => sayRule(rule, lang)))].join(sayList[lang])}
        </p>
      )}
    </li>
  );
}

function Left({ clock: { daysLeft } }: { clock: Clock }) {
  const t = useWords(filingWords);
  if (daysLeft === null) return null;
  const says =
    daysLeft === 0
      ? t('today')
      : daysLeft > 0
        ? t('daysLeft', { count: daysLeft })
        : t('over', { count: -daysLeft });
  return <span className={daysLeft < 0 ? 'text-loss' : undefined}>{says}</span>;
}

function Reminders({ site: { reminders, clocks } }: { site: Site }) {
  const t = useWords(filingWords);
  const running = new Set(clocks.map(({ kind, from }) => `${kind} ${from}`));
  const told = reminders.filter(({ clock }) => running.has(clock));
  if (told.length === 0) return null;
  const days = told.map(({ days }) => (days === 0 ? t('reminderOver') : t('reminderDays', { days })));
  return (
    <p className="soft">
      {t('reminders')}: {days.join(', ')}
    </p>
  );
}

function Lacking({ site: { missingDocuments, missingFacts, state } }: { site: Site }) {
  const t = useWords(filingWords);
  const lang = useLanguage();
  if (state === 'not-owed') return null;
  return (
    <>
      {missingFacts.length > 0 && (
        <Notice>{t('missingFacts', { what: sayFacts(missingFacts, lang) })}</Notice>
      )}
      {missingDocuments.length > 0 && (
        <Notice>{t('missingDocuments', { what: sayDocuments(missingDocuments, lang) })}</Notice>
      )}
    </>
  );
}

function Drift({ site: { drift, siteName } }: { site: Site }) {
  const t = useWords(filingWords);
  const lang = useLanguage();
  if (drift.length === 0) return null;
  const rows = drift.flatMap((each) => each.parts.map((part) => ({ each, part })));
  const heads = [t('driftItem'), t('driftPart'), t('driftWas'), t('driftIs'), t('driftOn')];
  return (
    <>
      <h3>{t('drift')}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="scrolls" tabIndex={0} aria-label={`${t('drift')}: ${siteName}`}>
        <table className="plain">
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 200).map(({ each, part }) => (
              <tr key={`${each.field} ${each.cameraId} ${part.part}`}>
                <th scope="row">
                  {sayField(each.field, lang)}
                  {each.cameraName && <span className="soft"> {each.cameraName}</span>}
                </th>
                <td>{sayPart(part.part, lang)}</td>
                <td>{sayValue(part.part, part.was, lang)}</td>
                <td>{sayValue(part.part, part.is, lang)}</td>
                <td className="number nowrap">{each.on}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
