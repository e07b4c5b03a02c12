/** What is marked as of important value or as the record of an alarm; a mark is taken away with a reason. */
import { useState } from 'react';
import { keeping } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall, useChange } from '../api.ts';
import { ReasonDialog, useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import type { Column } from '../shell/Register.tsx';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { Listed } from './Listed.tsx';
import { periodText } from './reasons.tsx';
import { type Listing, spanColumns, type T } from './spans.tsx';

type Mark = ReplyOf<typeof keeping.marks>['items'][number];

function columnsOf(t: T): Column<Mark>[] {
  const kindOf = (row: Mark) => t(row.kind === 'alarm' ? 'kind_alarm' : 'kind_important');
  const periodOf = (row: Mark) => (row.period ? periodText(row.period) : t('asLaw'));
  return [
    ...spanColumns<Mark>(t),
    { key: 'kind', title: t('kind'), value: kindOf, cell: kindOf },
    { key: 'period', title: t('keepFor'), value: periodOf, cell: periodOf },
    { key: 'reason', title: t('reason'), value: (row) => row.reason, cell: (row) => row.reason },
    { key: 'by', title: t('by'), value: (row) => row.createdBy, cell: (row) => row.createdBy },
  ];
}

export function MarksTab(listing: Listing) {
  const t = useWords(keepingWords);
  const found = useCall(keeping.marks, { query: { limit: 500 } });
  const [open, setOpen] = useState<Mark | null>(null);
  const why = useWhyNot()('footage.mark');
  return (
    <>
      <Listed
        {...listing}
        name="marks"
        caption={t('tabMarks')}
        says={t('marksSay')}
        found={found}
        columns={columnsOf(t)}
        empty={t('noMarks')}
        emptySays={t('noMarksSay')}
        controls={(each) => (
          <WhyButton type="link" size="small" why={why} onClick={() => setOpen(each)}>
            {t('unmark')}
          </WhyButton>
        )}
      />
      {open && <Unmark mark={open} close={() => setOpen(null)} />}
    </>
  );
}

function Unmark({ mark, close }: { mark: Mark; close: () => void }) {
  const t = useWords(keepingWords);
  const tell = useTell();
  const remove = useChange(keeping.removeMark, [keeping.marks]);
  return (
    <ReasonDialog
      title={t('unmarkTitle', { camera: mark.cameraName })}
      says={t('unmarkSays')}
      doIt={t('unmark')}
      run={async (reason) => {
        await remove.mutateAsync({ params: { id: mark.id }, body: { reason } });
        tell.done(t('unmarked'));
      }}
      close={close}
    />
  );
}
