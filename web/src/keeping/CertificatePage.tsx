/** One certificate of deletion, as a page that is read, printed or saved. */
import { Link, useParams } from '@tanstack/react-router';
import { Button } from 'antd';
import { buckets, keeping } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall } from '../api.ts';
import { offerFile } from '../csv.ts';
import { useMe } from '../session.ts';
import { Page } from '../shell/Page.tsx';
import { Loaded, Notice } from '../shell/states.tsx';
import { Time, TimeSpan } from '../shell/Time.tsx';
import { sayBytes, sayTime } from '../time.ts';
import { useSaid, useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { periodText, ruleText, useKeptWhy } from './reasons.tsx';
import './keeping.css';

type Certificate = ReplyOf<typeof keeping.certificateById>;

/** What stands in the way, in the reader's language where it is a bucket's. */
function useTroubleOf(): (of: Pick<Certificate, 'trouble' | 'problem'>) => string | null {
  const t = useWords(keepingWords);
  const said = useSaid();
  return ({ trouble, problem }) => {
    if (problem === null) return trouble;
    const { untilMs } = problem.values;
    return problem.code === 'locked' && typeof untilMs === 'number'
      ? t('troubleLocked', { until: sayTime(untilMs) })
      : said(buckets.bucketProblems[problem.code], problem.values);
  };
}

export function CertificatePage() {
  const t = useWords(keepingWords);
  const { id = '' } = useParams({ strict: false });
  const found = useCall(keeping.certificateById, { params: { id } });
  return (
    <Loaded of={found}>
      {(certificate) => (
        <Page
          title={t('certificateNo', { no: certificate.no })}
          says={t('certificateDay', { camera: certificate.cameraName, day: certificate.day })}
          wide
          extra={
            <div className="keeping-tools">
              <Link to="/keeping" search={{ show: 'certificates' }}>
                {t('toList')}
              </Link>
              <Button onClick={() => save(certificate)}>{t('json')}</Button>
              <Button type="primary" href={`/api/certificates/${certificate.id}/certificate.pdf`} download>
                {t('pdf')}
              </Button>
            </div>
          }
        >
          <Paper of={certificate} />
        </Page>
      )}
    </Loaded>
  );
}

function save(certificate: Certificate): void {
  offerFile(`custos-certificate-${certificate.no}.json`, JSON.stringify(certificate, null, 2));
}

function Paper({ of }: { of: Certificate }) {
  const t = useWords(keepingWords);
  const me = useMe();
  const keptWhy = useKeptWhy();
  const trouble = useTroubleOf()(of);
  const zone = of.timeZone;
  return (
    <article className="certificate">
      {trouble && <Notice tone="loss">{t('trouble', { what: trouble })}</Notice>}
      <dl className="facts">
        <dt>{t('unit')}</dt>
        <dd>{me.unit}</dd>
        <dt>{t('camera')}</dt>
        <dd>
          {of.siteName} · {of.cameraName}
        </dd>
        <dt>{t('why')}</dt>
        <dd>{t(`why_${of.why}`)}</dd>
        <dt>{t('rule')}</dt>
        <dd>
          {of.because.length === 0 && t('noFloor')}
          {of.because.map((reason) => (
            <p key={reason.profile + reason.article}>
              {ruleText(reason)}: {periodText(reason.period)}
              {reason.quote && <q className="soft keeping-quote">{reason.quote}</q>}
            </p>
          ))}
        </dd>
        <dt>{t('orderedBy')}</dt>
        <dd>
          {of.orderedBy === 'system' ? t('system') : of.orderedBy}, <Time at={of.ordered} zone={zone} />
        </dd>
        <dt>{t('finished')}</dt>
        <dd>{of.finished ? <Time at={of.finished} zone={zone} /> : t('certificateState_ordered')}</dd>
        <dt>{t('segments')}</dt>
        <dd className="number">
          {of.count} · {sayBytes(of.bytes)}
        </dd>
        <dt>{t('digest')}</dt>
        <dd className="mono">{of.digest}</dd>
        <dt>{t('ledgerEntry')}</dt>
        <dd className="number">{of.seq}</dd>
        <dt>{t('destroyedKeys')}</dt>
        <dd>
          {of.keys.length === 0 && t('noKeys')}
          {of.keys.map((key) => (
            <p key={key.source} className="mono">
              {t('keyAt', { key: `${key.keyId} (${key.source})`, time: sayTime(key.atMs, zone) })}
            </p>
          ))}
        </dd>
        {of.keysKept.length > 0 && (
          <>
            <dt>{t('keysKept')}</dt>
            <dd>
              {of.keysKept.map((key) => (
                <p key={key.source}>
                  <span className="mono">{key.source}</span>
                  <span className="keeping-rule">{keptWhy(key.why)}</span>
                </p>
              ))}
            </dd>
          </>
        )}
      </dl>
      <Segments of={of} zone={zone} />
    </article>
  );
}

function Segments({ of, zone }: { of: Certificate; zone: string }) {
  const t = useWords(keepingWords);
  const missing = new Set(of.missing);
  const iso = (ms: number) => new Date(ms).toISOString();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className="scrolls" tabIndex={0} aria-label={t('segments')}>
      <table className="plain certificate-segments">
        <thead>
          <tr>
            <th scope="col">{t('span')}</th>
            <th scope="col">{t('stream')}</th>
            <th scope="col" className="register-number">
              {t('bytes')}
            </th>
            <th scope="col">{t('file')}</th>
          </tr>
        </thead>
        <tbody>
          {of.segments.map((segment) => (
            <tr key={segment.id}>
              <td>
                <TimeSpan from={iso(segment.startMs)} to={iso(segment.endMs)} zone={zone} />
              </td>
              <td className="nowrap">{t(`stream_${segment.stream}`)}</td>
              <td className="register-number">{sayBytes(segment.bytes)}</td>
              <td className="mono certificate-file">
                <span>{segment.path}</span>
                <span className="soft">{segment.digest}</span>
                {missing.has(segment.id) && <span className="text-warn">{t('missing')}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
