/** How complete recording is: one site, one month, its cameras, causes, longest gaps and worst days; to print and to take along. */
import { Link } from '@tanstack/react-router';
import { Button, Select } from 'antd';
import { type ReactNode, useMemo } from 'react';
import { z } from 'zod';
import { collect, govern, inWholeSeconds } from '../../../src/contract/index.ts';
import { Problem, type ReplyOf, useCall } from '../api.ts';
import { gapKindOf } from '../camera/causes.ts';
import { sayCause } from '../player/said.ts';
import { Page } from '../shell/Page.tsx';
import { type Column, Register } from '../shell/Register.tsx';
import { Empty, Loaded, Waiting } from '../shell/states.tsx';
import { saySpan, sayTime } from '../time.ts';
import { useUrlState } from '../urlState.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { clausesWithValues, completenessWords } from '../words/completeness.ts';
import './completeness.css';

type Reply = ReplyOf<typeof govern.completeness>;
type Report = Reply['report'];
type CameraMonth = Report['cameras'][number];
type Figures = Pick<
  Report,
  'wholeMs' | 'recordedMs' | 'awayMs' | 'servedMs' | 'missingMs' | 'coverage' | 'causes'
>;

const address = z.object({
  site: z.string().max(40).optional().catch(undefined),
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
    .optional()
    .catch(undefined),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(300).optional().catch(undefined),
});
const monthsShown = 24;

export function CompletenessPage() {
  const t = useWords(completenessWords);
  const [state, change] = useUrlState(address);
  const sites = useCall(collect.sites, {});
  return (
    <Page title={t('title')} says={t('says')} wide>
      <Loaded of={sites}>
        {({ items }) => {
          const site = items.find(({ id }) => id === state.site) ?? items[0];
          if (!site) return <Empty title={t('noSites')}>{t('noSitesSays')}</Empty>;
          const months = lastMonths(site.timeZone);
          const month = state.month ?? (months[0] as string);
          return (
            <>
              <div className="tools completeness-tools">
                <Select
                  aria-label={t('site')}
                  className="tools-select"
                  value={site.id}
                  showSearch={{ optionFilterProp: 'label' }}
                  onChange={(id) => change({ site: id })}
                  options={items.map(({ id, name }) => ({ value: id, label: name }))}
                />
                <Select
                  aria-label={t('month')}
                  value={month}
                  onChange={(next) => change({ month: next })}
                  options={[...new Set([...months, month])].map((value) => ({ value, label: value }))}
                />
                <span className="tools-gap" />
                <Files site={site.id} month={month} />
              </div>
              <Month site={site.id} month={month} state={state} change={change} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** The present month of the zone and those before it. */
function lastMonths(timeZone: string): string[] {
  const now = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit' }).formatToParts(
    new Date(),
  );
  const of = (type: string) => Number(now.find((part) => part.type === type)?.value);
  const first = of('year') * 12 + of('month') - 1;
  return Array.from({ length: monthsShown }, (_, back) => {
    const month = first - back;
    return `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`;
  });
}

function Files({ site, month }: { site: string; month: string }) {
  const t = useWords(completenessWords);
  const lang = useLanguage();
  const href = (file: string) => `/api/sites/${site}/completeness/${file}?month=${month}&lang=${lang}`;
  return (
    <>
      <Button onClick={() => print()}>{t('print')}</Button>
      <Button href={href('report.pdf')} download>
        {t('pdf')}
      </Button>
      <Button href={href('report.xlsx')} download>
        {t('xlsx')}
      </Button>
      <Button href={href('report.csv')} download>
        {t('csv')}
      </Button>
    </>
  );
}

type Change = ReturnType<typeof useUrlState<typeof address>>[1];
type State = z.output<typeof address>;

function Month({
  site,
  month,
  state,
  change,
}: {
  site: string;
  month: string;
  state: State;
  change: Change;
}) {
  const t = useWords(completenessWords);
  const found = useCall(govern.completeness, { params: { id: site }, query: { month } });
  if (found.error instanceof Problem && found.error.code === 'completeness.future')
    return <Empty title={t('future')}>{found.error.sentence}</Empty>;
  if (found.isPending) return <Waiting rows={10} />;
  return (
    <Loaded of={found}>
      {({ report: exact, filed }) => {
        const report = inWholeSeconds(exact);
        return report.cameras.length === 0 ? (
          <Empty title={t('nothing')}>{t('nothingSays')}</Empty>
        ) : (
          <>
            <Head report={report} filed={filed} />
            <Cameras report={report} state={state} change={change} />
            <Causes of={report} />
            <LongestGaps report={report} />
            <Days report={report} />
          </>
        );
      }}
    </Loaded>
  );
}

/** 99.999 % must never be rounded to "all". */
const sayShare = (share: number): string => {
  const percent = Math.floor(share * 100_000) / 1000;
  return `${percent === 100 || percent === 0 ? percent : percent.toFixed(3)} %`;
};

function Panel({ title, id, children }: { title: string; id: string; children: ReactNode }) {
  return (
    <div className="panel">
      <h2 id={id}>{title}</h2>
      {children}
    </div>
  );
}

function Head({ report, filed }: { report: Report; filed: Reply['filed'] }) {
  const t = useWords(completenessWords);
  const lang = useLanguage();
  const { timeZone } = report.site;
  const until = sayTime(report.until, timeZone);
  const json = `/api/sites/${report.site.id}/completeness/filed.json?month=${report.month}`;
  return (
    <section className="panel completeness-head" aria-label={t('coverage')}>
      <p className="completeness-of">
        {report.site.name} · {report.month} · {t('hours', { hours: report.hours })}
      </p>
      <p
        className={report.coverage < 1 ? 'completeness-share number text-loss' : 'completeness-share number'}
        title={t('coverageSays')}
      >
        {sayShare(report.coverage)}
      </p>
      <dl className="facts">
        <dt>{t('recorded')}</dt>
        <dd className="number">{saySpan(report.recordedMs, lang)}</dd>
        {report.awayMs > 0 && (
          <>
            <dt title={t('awaySays')}>{t('away')}</dt>
            <dd className="number">{saySpan(report.awayMs, lang)}</dd>
          </>
        )}
        {report.servedMs > 0 && (
          <>
            <dt title={t('servedSays')}>{t('served')}</dt>
            <dd className="number">{saySpan(report.servedMs, lang)}</dd>
          </>
        )}
        <dt>{t('missing')}</dt>
        <dd className="number">{saySpan(report.missingMs, lang)}</dd>
      </dl>
      <p className="soft">
        {report.isOver ? t('until', { time: until }) : t('notOver', { time: until })}{' '}
        {filed ? (
          <span title={t('filedSays')}>
            {t('filed', { time: sayTime(filed.made, timeZone) })}{' '}
            <span className="mono completeness-digest">{filed.digest}</span>{' '}
            <a href={json} download>
              {t('json')}
            </a>
          </span>
        ) : (
          t('notFiled')
        )}
      </p>
    </section>
  );
}

function Cameras({ report, state, change }: { report: Report; state: State; change: Change }) {
  const t = useWords(completenessWords);
  const columns = useCameraColumns();
  return (
    <Panel title={t('cameras')} id="completeness-cameras">
      <Register
        caption={t('cameras')}
        rows={report.cameras}
        columns={columns}
        keyOf={({ id }) => id}
        state={{ sort: state.sort ?? 'coverage', columns: state.columns }}
        change={change}
      />
    </Panel>
  );
}

function useCameraColumns(): readonly Column<CameraMonth>[] {
  const t = useWords(completenessWords);
  const lang = useLanguage();
  return useMemo((): Column<CameraMonth>[] => {
    const longestOf = ({ longest }: CameraMonth) => longest[0]?.ms ?? 0;
    const span = (ms: number) => (ms === 0 ? <span className="soft">—</span> : saySpan(ms, lang));
    return [
      {
        ...{ key: 'camera', title: t('camera'), isHead: true, value: (each) => each.name },
        cell: (each) => (
          <>
            {each.name}
            {each.retired && <span className="soft"> ({t('retired')})</span>}
          </>
        ),
      },
      {
        ...{ key: 'coverage', title: t('coverage'), isNumber: true, value: (each) => each.coverage },
        cell: (each) => <Share of={each} name={each.name} />,
      },
      {
        ...{ key: 'missing', title: t('missing'), isNumber: true, value: (each) => each.missingMs },
        cell: (each) => span(each.missingMs),
      },
      {
        key: 'gaps',
        title: t('gaps'),
        isNumber: true,
        value: (each) => each.gaps,
        cell: (each) => each.gaps,
      },
      {
        ...{ key: 'longest', title: t('longest'), isNumber: true, value: longestOf },
        cell: (each) => span(longestOf(each)),
      },
      {
        ...{
          key: 'cause',
          title: t('cause'),
          value: (each) => (each.causes[0] ? causeOf(each.causes[0].cause) : null),
        },
        cell: (each) =>
          each.causes[0] ? causeOf(each.causes[0].cause) : <span className="soft">{t('none')}</span>,
      },
      {
        ...{
          key: 'worst',
          title: t('worst'),
          unsortable: true,
          value: (each) => each.worst.map(({ day }) => day).join(' '),
        },
        cell: (each) => (
          <span className="number">
            {each.worst
              .slice(0, 3)
              .map(({ day }) => day.slice(5))
              .join(lang === 'zh' ? '、' : ', ') || '—'}
          </span>
        ),
      },
    ];
  }, [t, lang]);
}

/** A cause without its gap names nobody: the sentence goes without its values. */
const causeOf = (cause: string): string => sayCause(cause, {}).replace(clausesWithValues, '').trim();

function Share({ of, name }: { of: Figures; name: string }) {
  return (
    <span className="completeness-bar">
      <span className={of.missingMs > 0 ? 'text-loss' : undefined}>{sayShare(of.coverage)}</span>
      <meter
        className={of.missingMs > 0 ? 'meter meter-loss' : 'meter'}
        min={0}
        max={1}
        value={of.coverage}
        aria-label={name}
      />
    </span>
  );
}

function Causes({ of }: { of: Figures }) {
  const t = useWords(completenessWords);
  const lang = useLanguage();
  return (
    <Panel title={t('causes')} id="completeness-causes">
      {of.causes.length === 0 && <p className="soft">{t('complete')}</p>}
      <ul className="completeness-causes">
        {of.causes.map(({ cause, ms }) => (
          <li key={cause} className={`completeness-cause completeness-${gapKindOf(cause)}`}>
            <span>{causeOf(cause)}</span>
            <span className="number">{saySpan(ms, lang)}</span>
            <span
              className="completeness-part"
              aria-hidden="true"
              style={{ inlineSize: `${(ms / of.missingMs) * 100}%` }}
            />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const gapsShown = 20;

function LongestGaps({ report }: { report: Report }) {
  const t = useWords(completenessWords);
  const lang = useLanguage();
  const gaps = report.cameras
    .flatMap((camera) => camera.longest.map((gap) => ({ camera, gap })))
    .sort((a, b) => b.gap.ms - a.gap.ms)
    .slice(0, gapsShown);
  if (gaps.length === 0) return null;
  return (
    <Panel title={t('longestGaps')} id="completeness-gaps">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="scrolls" tabIndex={0} aria-label={t('longestGaps')}>
        <table className="plain">
          <thead>
            <tr>
              {[t('camera'), t('from'), t('lasts'), t('why')].map((each) => (
                <th key={each} scope="col">
                  {each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {gaps.map(({ camera, gap }) => (
              <tr key={`${camera.id} ${gap.from}`}>
                <th scope="row">
                  <Link to="/cameras/$id" params={{ id: camera.id }} search={{ at: gap.from } as never}>
                    {camera.name}
                  </Link>
                </th>
                <td className="number nowrap">{sayTime(gap.from, report.site.timeZone)}</td>
                <td className="number nowrap">{saySpan(gap.ms, lang)}</td>
                <td>{sayCause(gap.cause, gap.detail)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function Days({ report }: { report: Report }) {
  const t = useWords(completenessWords);
  const lang = useLanguage();
  const toneOf = ({ missingMs, coverage }: Report['days'][number]) =>
    missingMs === 0 ? 'whole' : coverage < 0.9 ? 'bad' : 'some';
  return (
    <Panel title={t('days')} id="completeness-days">
      <ol className="completeness-days">
        {report.days.map((each) => (
          <li key={each.day} className={`completeness-day completeness-day-${toneOf(each)}`}>
            <span className="number">{each.day.slice(5)}</span>
            <span className="number">{each.wholeMs === 0 ? '—' : sayShare(each.coverage)}</span>
            {each.missingMs > 0 && <span className="number soft">−{saySpan(each.missingMs, lang)}</span>}
            {each.hours !== 24 && <span className="soft">{t('dayShort', { hours: each.hours })}</span>}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
