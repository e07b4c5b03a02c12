/** What is held, for whom and until when; a hold is released with a reason. */
import { Checkbox } from 'antd';
import { useState } from 'react';
import { keeping } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall, useChange } from '../api.ts';
import { ReasonDialog, useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import type { Column } from '../shell/Register.tsx';
import { Time } from '../shell/Time.tsx';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { Listed } from './Listed.tsx';
import { type Listing, spanColumns, type T } from './spans.tsx';

type Hold = ReplyOf<typeof keeping.holds>['items'][number];

function columnsOf(t: T): Column<Hold>[] {
  return [
    ...spanColumns<Hold>(t),
    {
      ...{ key: 'until', title: t('until'), value: (row: Hold) => row.until },
      cell: (row) => (row.until ? <Time at={row.until} /> : t('openEnded')),
    },
    { key: 'reason', title: t('reason'), value: (row) => row.reason, cell: (row) => row.reason },
    {
      key: 'authority',
      title: t('authority'),
      value: (row) => [row.authority, row.reference].filter(Boolean).join(' · '),
      cell: (row) => [row.authority, row.reference].filter(Boolean).join(' · ') || '—',
    },
    { key: 'by', title: t('by'), value: (row) => row.createdBy, cell: (row) => row.createdBy },
    {
      ...{ key: 'state', title: t('state'), value: (row: Hold) => t(row.inForce ? 'inForce' : 'over') },
      cell: (row) => <span className="nowrap">{t(row.inForce ? 'inForce' : 'over')}</span>,
    },
  ];
}

export function HoldsTab({
  all,
  onAll,
  ...listing
}: Listing & { all: boolean; onAll: (all: boolean) => void }) {
  const t = useWords(keepingWords);
  const found = useCall(keeping.holds, { query: { limit: 500, all: all ? 'true' : 'false' } });
  const [open, setOpen] = useState<Hold | null>(null);
  const why = useWhyNot()('footage.hold');
  return (
    <>
      <Listed
        {...listing}
        name="holds"
        caption={t('tabHolds')}
        says={t('holdsSay')}
        found={found}
        columns={columnsOf(t)}
        empty={t('noHolds')}
        emptySays={t('noHoldsSay')}
        tools={
          <Checkbox checked={all} onChange={(event) => onAll(event.target.checked)}>
            {t('withOver')}
          </Checkbox>
        }
        toneOf={(each) => (each.inForce ? undefined : 'soft')}
        controls={(each) =>
          each.inForce && (
            <WhyButton type="link" size="small" why={why} onClick={() => setOpen(each)}>
              {t('release')}
            </WhyButton>
          )
        }
      />
      {open && <Release hold={open} close={() => setOpen(null)} />}
    </>
  );
}

function Release({ hold, close }: { hold: Hold; close: () => void }) {
  const t = useWords(keepingWords);
  const tell = useTell();
  const release = useChange(keeping.releaseHold, [keeping.holds, keeping.keeping]);
  return (
    <ReasonDialog
      title={t('releaseTitle', { camera: hold.cameraName })}
      says={t('releaseSays')}
      doIt={t('release')}
      run={async (reason) => {
        await release.mutateAsync({ params: { id: hold.id }, body: { reason } });
        tell.done(t('released'));
      }}
      close={close}
    />
  );
}
