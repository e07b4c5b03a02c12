/** Who asked for erasure, and what was answered for each piece of the span. */
import { keeping } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall } from '../api.ts';
import type { Column } from '../shell/Register.tsx';
import { Time, TimeSpan } from '../shell/Time.tsx';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { Listed } from './Listed.tsx';
import { ruleText } from './reasons.tsx';
import { type Listing, spanColumns, type T } from './spans.tsx';

type Erasure = ReplyOf<typeof keeping.erasures>['items'][number];
type Piece = Erasure['pieces'][number];

function columnsOf(t: T): Column<Erasure>[] {
  return [
    ...spanColumns<Erasure>(t),
    { key: 'requester', title: t('requester'), value: (row) => row.requester, cell: (row) => row.requester },
    { key: 'reason', title: t('reason'), value: (row) => row.reason, cell: (row) => row.reason },
    {
      key: 'answer',
      title: t('answer'),
      value: (row) =>
        row.pieces.map((piece) => `${piece.from}/${piece.to} ${outcomeOf(t, piece)}`).join('; '),
      cell: (row) => <Pieces of={row.pieces} />,
    },
    {
      ...{ key: 'closed', title: t('closedAt'), value: (row: Erasure) => row.closed },
      cell: (row) => (row.closed ? <Time at={row.closed} /> : t('stillOpen')),
    },
  ];
}

const outcomeOf = (t: T, piece: Piece): string => t(`outcome_${piece.outcome}`);

export function ErasuresTab(listing: Listing) {
  const t = useWords(keepingWords);
  const found = useCall(keeping.erasures, { query: { limit: 200 } });
  return (
    <Listed
      {...listing}
      name="erasures"
      caption={t('tabErasures')}
      says={t('erasuresSay')}
      found={found}
      columns={columnsOf(t)}
      empty={t('noErasures')}
      emptySays={t('noErasuresSay')}
    />
  );
}

function Pieces({ of }: { of: readonly Piece[] }) {
  const t = useWords(keepingWords);
  if (of.length === 0) return t('outcome_nothing');
  return (
    <ul className="keeping-pieces">
      {of.map((piece) => (
        <li key={piece.from}>
          <strong>{outcomeOf(t, piece)}</strong> {piece.until && <Time at={piece.until} />}
          <span className="keeping-rule">
            <TimeSpan from={piece.from} to={piece.to} />
          </span>
          {piece.because[0] && <span className="keeping-rule">{ruleText(piece.because[0])}</span>}
        </li>
      ))}
    </ul>
  );
}
