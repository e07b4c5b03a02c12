/** A register of keeping: what it is about, the tools above it, and what stands there while it is empty. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Problem } from '../api.ts';
import { type Column, Register, RegisterTools } from '../shell/Register.tsx';
import { Empty, Loaded } from '../shell/states.tsx';
import type { Listing } from './spans.tsx';

export function Listed<R extends { readonly id: string }>({
  name,
  caption,
  says,
  found,
  columns,
  state,
  change,
  empty,
  emptySays,
  tools,
  controls,
  toneOf,
}: Listing & {
  /** Of the file that it is exported to. */
  name: string;
  caption: string;
  says: string;
  found: UseQueryResult<{ readonly items: readonly R[] }, Problem>;
  columns: readonly Column<R>[];
  empty: string;
  emptySays?: string;
  tools?: ReactNode;
  controls?: (row: R) => ReactNode;
  toneOf?: (row: R) => 'loss' | 'soft' | undefined;
}) {
  return (
    <Loaded of={found}>
      {({ items }) => (
        <>
          <div className="tools">
            <p className="soft tools-says">{says}</p>
            {tools}
            <RegisterTools name={name} rows={items} columns={columns} state={state} change={change} />
          </div>
          {items.length === 0 ? (
            <div className="panel">
              <Empty title={empty}>{emptySays}</Empty>
            </div>
          ) : (
            <Register
              caption={caption}
              rows={items}
              columns={columns}
              keyOf={(row) => row.id}
              state={state}
              change={change}
              {...(controls ? { controls } : {})}
              {...(toneOf ? { toneOf } : {})}
            />
          )}
        </>
      )}
    </Loaded>
  );
}
