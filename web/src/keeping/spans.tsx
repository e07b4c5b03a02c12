/** What the registers of holds, marks and erasures have in common: a camera, its site and a span. */
import { Link } from '@tanstack/react-router';
import type { Column, RegisterState } from '../shell/Register.tsx';
import { TimeSpan } from '../shell/Time.tsx';
import type { Say } from '../useWords.ts';
import type { keepingWords } from '../words/keeping.ts';

export interface Listing {
  readonly state: RegisterState;
  readonly change: (next: RegisterState) => void;
}
export type T = Say<typeof keepingWords.en>;

interface Spanned {
  readonly cameraId: string;
  readonly cameraName: string;
  readonly siteName: string;
  readonly from: string;
  readonly to: string;
}

/** ISO 8601 writes an interval with a stroke: it is exported as one, and sorts by its beginning. */
export const spanColumn = <R extends { from: string; to: string }>(t: T): Column<R> => ({
  key: 'span',
  title: t('span'),
  value: (row) => `${row.from}/${row.to}`,
  cell: (row) => <TimeSpan from={row.from} to={row.to} />,
});

export const spanColumns = <R extends Spanned>(t: T): Column<R>[] => [
  {
    key: 'camera',
    title: t('camera'),
    isHead: true,
    value: (row) => row.cameraName,
    cell: (row) => (
      <Link to="/cameras/$id" params={{ id: row.cameraId }} search={{ at: row.from }} className="cell-link">
        {row.cameraName}
      </Link>
    ),
  },
  { key: 'site', title: t('site'), value: (row) => row.siteName, cell: (row) => row.siteName },
  spanColumn(t),
];
