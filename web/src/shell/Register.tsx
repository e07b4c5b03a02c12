/**
 * A register: a table that sorts, hides columns and exports, all by its address, and becomes a list of cards where
 * the screen is narrow. Plain table elements: a reader by ear gets rows and headings.
 */
import { CaretDownFilled, CaretUpFilled } from '@ant-design/icons';
import { Button, Checkbox, Popover } from 'antd';
import { memo, type ReactNode, useMemo } from 'react';
import { type CsvCell, offerFile, toCsv } from '../csv.ts';
import { useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  /** For the export and for sorting; null goes last. */
  readonly value: (row: T) => CsvCell;
  readonly isNumber?: boolean;
  /** Cannot be hidden: the row would not say what it is about. */
  readonly isHead?: boolean;
  /** Hidden until it is chosen. */
  readonly isExtra?: boolean;
  readonly unsortable?: boolean;
}

export interface RegisterState {
  /** `name`, or `-name` for the other way round. */
  readonly sort?: string | undefined;
  /** Shown columns, by comma; absent: those that are not extra. */
  readonly columns?: string | undefined;
}

interface Props<T> {
  readonly caption: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (row: T) => string;
  readonly state: RegisterState;
  readonly change: (next: RegisterState) => void;
  readonly controls?: (row: T) => ReactNode;
  readonly toneOf?: (row: T) => 'loss' | 'warn' | 'soft' | undefined;
}

export function shownColumns<T>(columns: readonly Column<T>[], state: RegisterState): readonly Column<T>[] {
  const wanted = state.columns?.split(',');
  return columns.filter((each) => each.isHead || (wanted ? wanted.includes(each.key) : !each.isExtra));
}

export function sortRows<T>(rows: readonly T[], columns: readonly Column<T>[], sort?: string): readonly T[] {
  const by = columns.find((each) => each.key === sort?.replace(/^-/, ''));
  if (!by) return rows;
  const way = sort?.startsWith('-') ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [by.value(a), by.value(b)];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    if (typeof left === 'number' && typeof right === 'number') return (left - right) * way;
    return String(left).localeCompare(String(right), 'zh-Hans', { numeric: true }) * way;
  });
}

export function Register<T>({ caption, rows, columns, keyOf, state, change, controls, toneOf }: Props<T>) {
  const t = useWords(shellWords);
  const shown = useMemo(() => shownColumns(columns, state), [columns, state]);
  const sorted = useMemo(() => sortRows(rows, columns, state.sort), [rows, columns, state.sort]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className="register" aria-label={caption} tabIndex={0}>
      {/* Roles are named because the narrow look takes the table's display away, and with it its meaning. */}
      {/* biome-ignore lint/a11y/noRedundantRoles: see above */}
      <table role="table">
        <caption className="hidden-words">{caption}</caption>
        {/* biome-ignore lint/a11y/noRedundantRoles: see above */}
        <thead role="rowgroup">
          {/* biome-ignore lint/a11y/noRedundantRoles: see above */}
          <tr role="row">
            {shown.map((each) => (
              <Head key={each.key} column={each} state={state} change={change} />
            ))}
            {controls && (
              <th scope="col" className="register-controls">
                <span className="hidden-words">{t('actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        {/* biome-ignore lint/a11y/noRedundantRoles: see above */}
        <tbody role="rowgroup">
          {sorted.map((row) => (
            <Row
              key={keyOf(row)}
              row={row}
              columns={shown as readonly Column<unknown>[]}
              controls={controls as Props<unknown>['controls']}
              tone={toneOf?.(row)}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Head<T>({
  column,
  state,
  change,
}: {
  column: Column<T>;
  state: RegisterState;
  change: (next: RegisterState) => void;
}) {
  const t = useWords(shellWords);
  const isUp = state.sort === column.key;
  const isDown = state.sort === `-${column.key}`;
  const next = isUp ? `-${column.key}` : isDown ? undefined : column.key;
  const className = column.isNumber ? 'register-number' : undefined;
  if (column.unsortable) {
    return (
      <th scope="col" className={className}>
        {column.title}
      </th>
    );
  }
  return (
    <th scope="col" className={className} aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}>
      <button
        type="button"
        className="register-sort"
        title={t('sortBy', { column: column.title })}
        onClick={() => change({ ...state, sort: next })}
      >
        {column.title}
        <span aria-hidden="true">{isUp ? <CaretUpFilled /> : isDown ? <CaretDownFilled /> : null}</span>
      </button>
    </th>
  );
}

interface RowProps {
  readonly row: unknown;
  readonly columns: readonly Column<unknown>[];
  readonly controls: ((row: unknown) => ReactNode) | undefined;
  readonly tone: string | undefined;
}

/** Drawn anew only when its own row changes: one camera's event must not redraw a thousand. */
const Row = memo(function Row({ row, columns, controls, tone }: RowProps) {
  return (
    // biome-ignore lint/a11y/noRedundantRoles: see Register
    <tr role="row" className={tone ? `tone-${tone}` : undefined}>
      {columns.map((each) => (
        <td
          key={each.key}
          // biome-ignore lint/a11y/noRedundantRoles: see Register
          role="cell"
          data-label={each.title}
          className={[each.isNumber && 'register-number', each.isHead && 'register-head']
            .filter(Boolean)
            .join(' ')}
        >
          {each.cell(row)}
        </td>
      ))}
      {controls && (
        // biome-ignore lint/a11y/noRedundantRoles: see Register
        <td role="cell" className="register-controls">
          {controls(row)}
        </td>
      )}
    </tr>
  );
});

/** Which columns are shown, and the export of just these rows and columns. */
export function RegisterTools<T>({
  name,
  rows,
  columns,
  state,
  change,
}: Pick<Props<T>, 'rows' | 'columns' | 'state' | 'change'> & { name: string }) {
  const t = useWords(shellWords);
  const shown = shownColumns(columns, state).map((each) => each.key);
  const choose = (keys: readonly string[]) => {
    const plain = shownColumns(columns, {}).map((each) => each.key);
    const kept = columns.map((each) => each.key).filter((key) => keys.includes(key));
    change({ ...state, columns: kept.join() === plain.join() ? undefined : kept.join() });
  };
  const save = () => {
    const picked = shownColumns(columns, state);
    const lines = sortRows(rows, columns, state.sort).map((row) => picked.map((each) => each.value(row)));
    const day = new Date().toISOString().slice(0, 10);
    offerFile(
      `custos-${name}-${day}.csv`,
      toCsv(
        picked.map((each) => each.title),
        lines,
      ),
    );
  };
  const choices = columns.map((each) => ({
    label: each.title,
    value: each.key,
    disabled: each.isHead === true,
  }));
  return (
    <>
      <Popover
        trigger="click"
        placement="bottomRight"
        content={
          <Checkbox.Group className="column-choice" options={choices} value={shown} onChange={choose} />
        }
      >
        <Button>{t('columns')}</Button>
      </Popover>
      <Button onClick={save} disabled={rows.length === 0}>
        {t('exportCsv')}
      </Button>
    </>
  );
}
