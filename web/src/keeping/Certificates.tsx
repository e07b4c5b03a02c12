/** Certificates of deletion: the list, newest first, and one as a page that is read, printed or saved. */
import { Link, useParams } from '@tanstack/react-router';
import { Button } from 'antd';
import { keeping } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall } from '../api.ts';
import { offerFile } from '../csv.ts';
import { Page } from '../shell/Page.tsx';
import { type Column, Register, type RegisterState, RegisterTools } from '../shell/Register.tsx';
import { Empty, Loaded, Notice } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { sayBytes, sayTime } from '../time.ts';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { periodText, ruleText, useKeptWhy } from './reasons.tsx';
import './keeping.css';

type Head = ReplyOf<typeof keeping.certificates>['items'][number];
type Certificate = ReplyOf<typeof keeping.certificateById>;
type T = ReturnType<typeof useWords<typeof keepingWords.en>>;

function columnsOf(t: T): Column<Head>[] {
  return [
    {
      ...{ key: 'no', title: t('no'), isHead: true, isNumber: true, value: (row: Head) => row.no },
      cell: (row) => (
        <Link to="/keeping/certificates/$id" params={{ id: row.id }}>
          {row.no}
        </Link>
      ),
    },
    { key: 'camera', title: t('camera'), value: (row) => row.cameraName, cell: (row) => row.cameraName },
    { key: 'site', title: t('site'), value: (row) => row.siteName, cell: (row) => row.siteName },
    { key: 'day', title: t('day'), value: (row) => row.day, cell: (row) => row.day },
    {
      ...{ key: 'why', title: t('why'), value: (row: Head) => row.why },
      cell: (row) => t(`why_${row.why}`),
    },
    {
      ...{ key: 'count', title: t('segments'), isNumber: true, value: (row: Head) => row.count },
      cell: (row) => row.count,
    },
    {
      ...{ key: 'bytes', title: t('bytes'), isNumber: true, value: (row: Head) => row.bytes },
      cell: (row) => sayBytes(row.bytes),
    },
    {
      key: 'ordered',
      title: t('ordered'),
      value: (row) => row.ordered,
      cell: (row) => <Time at={row.ordered} />,
    },
    {
      ...{ key: 'state', title: t('state'), value: (row: Head) => row.state },
      cell: (row) => row.trouble ?? t(`certificateState_${row.state}`),
    },
  ];
}

export function Certificates({
  state,
  change,
}: {
  state: RegisterState;
  change: (next: RegisterState) => void;
}) {
  const t = useWords(keepingWords);
  const found = useCall(keeping.certificates, { query: { limit: 500 } }, { refetchInterval: 30_000 });
  const columns = columnsOf(t);
  return (
    <Loaded of={found}>
      {({ items }) => (
        <>
          <div className="tools">
            <p className="soft tools-says">{t('certificatesSay')}</p>
            <RegisterTools name="certificates" rows={items} columns={columns} state={state} change={change} />
          </div>
          {items.length === 0 ? (
            <Empty title={t('noCertificates')} />
          ) : (
            <Register
              caption={t('tabCertificates')}
              rows={items}
              columns={columns}
              keyOf={(each) => each.id}
              state={state}
              change={change}
              toneOf={(each) => (each.trouble ? 'loss' : undefined)}
            />
          )}
        </>
      )}
    </Loaded>
  );
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
          says={`${certificate.siteName} · ${certificate.cameraName} · ${certificate.day}`}
          wide
          extra={
            <div className="keeping-tools">
              <Link to="/keeping" search={{ show: 'certificates' }}>
                {t('toList')}
              </Link>
              <Button onClick={() => save(certificate)}>{t('json')}</Button>
              <Button type="primary" onClick={() => print()}>
                {t('print')}
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
  const keptWhy = useKeptWhy();
  const zone = of.timeZone;
  return (
    <article className="certificate">
      {of.trouble && <Notice tone="loss">{t('trouble', { what: of.trouble })}</Notice>}
      <dl className="facts">
        <dt>{t('why')}</dt>
        <dd>{t(`why_${of.why}`)}</dd>
        <dt>{t('rule')}</dt>
        <dd>
          {of.because.length === 0 && '—'}
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
          {of.keys.length === 0 && of.keysKept.length === 0 && t('noKeys')}
          {of.keys.map((key) => (
            <p key={key.source} className="mono">
              {t('keyAt', { key: `${key.keyId} (${key.source})`, time: sayTime(key.atMs, zone) })}
            </p>
          ))}
          {of.keysKept.map((key) => (
            <p key={key.source}>
              {t('keysKept')}: <span className="mono">{key.source}</span>: {keptWhy(key.why)}
            </p>
          ))}
        </dd>
      </dl>
      <Segments of={of} zone={zone} />
    </article>
  );
}

function Segments({ of, zone }: { of: Certificate; zone: string }) {
  const t = useWords(keepingWords);
  const missing = new Set(of.missing);
  return (
    <div className="scrolls">
      <table className="plain certificate-segments">
        <thead>
          <tr>
            <th scope="col">{t('from')}</th>
            <th scope="col">{t('to')}</th>
            <th scope="col">{t('stream')}</th>
            <th scope="col">{t('bytes')}</th>
            <th scope="col">{t('file')}</th>
          </tr>
        </thead>
        <tbody>
          {of.segments.map((segment) => (
            <tr key={segment.id}>
              <td>
                <Time at={segment.startMs} zone={zone} />
              </td>
              <td>
                <Time at={segment.endMs} zone={zone} />
              </td>
              <td>{segment.stream}</td>
              <td className="number">{sayBytes(segment.bytes)}</td>
              <td className="mono certificate-file">
                <span>{segment.path}</span>
                <span className="soft">{segment.digest}</span>
                {missing.has(segment.id) && <span className="text-warn">{t('missing')}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
