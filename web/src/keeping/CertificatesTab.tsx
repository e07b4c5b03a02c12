/** Certificates of deletion, newest first. */
import { Link } from '@tanstack/react-router';
import { keeping } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall } from '../api.ts';
import type { Column } from '../shell/Register.tsx';
import { Time } from '../shell/Time.tsx';
import { sayBytes } from '../time.ts';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { Listed } from './Listed.tsx';
import type { Listing, T } from './spans.tsx';

type Head = ReplyOf<typeof keeping.certificates>['items'][number];

function columnsOf(t: T): Column<Head>[] {
  return [
    {
      ...{ key: 'no', title: t('no'), isHead: true, value: (row: Head) => row.no },
      cell: (row) => (
        <Link to="/keeping/certificates/$id" params={{ id: row.id }} className="cell-link">
          {t('noOf', { no: row.no })}
        </Link>
      ),
    },
    { key: 'camera', title: t('camera'), value: (row) => row.cameraName, cell: (row) => row.cameraName },
    { key: 'site', title: t('site'), value: (row) => row.siteName, cell: (row) => row.siteName },
    {
      ...{ key: 'day', title: t('day'), value: (row: Head) => row.day },
      cell: (row) => <span className="nowrap">{row.day}</span>,
    },
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
      cell: (row) => (
        <span className="nowrap">
          {t(row.trouble ? 'certificateTrouble' : `certificateState_${row.state}`)}
        </span>
      ),
    },
  ];
}

export function CertificatesTab(listing: Listing) {
  const t = useWords(keepingWords);
  const found = useCall(keeping.certificates, { query: { limit: 500 } }, { refetchInterval: 30_000 });
  return (
    <Listed
      {...listing}
      name="certificates"
      caption={t('tabCertificates')}
      says={t('certificatesSay')}
      found={found}
      columns={columnsOf(t)}
      empty={t('noCertificates')}
      emptySays={t('noCertificatesSay')}
      toneOf={(each) => (each.trouble ? 'loss' : undefined)}
    />
  );
}
