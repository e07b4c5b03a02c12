/** A page's state in the address: filters, order, what is open. What the address says is checked by a schema. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import type { z } from 'zod';

type Patch<S extends z.ZodType> = { readonly [K in keyof z.output<S>]?: z.output<S>[K] | undefined };

/**
 * `const [state, change] = useUrlState(schema)`. The schema has a `.catch` or `.default` for each field, so that a
 * mistyped address shows the page as it is at first. A change replaces the entry in the history unless it is told
 * to push (a step that "back" should undo).
 */
export function useUrlState<S extends z.ZodObject>(
  schema: S,
): [z.output<S>, (patch: Patch<S>, how?: { push?: boolean }) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const state = useMemo(() => schema.parse(search), [schema, search]);
  const change = useCallback(
    (patch: Patch<S>, how?: { push?: boolean }) => {
      void navigate({
        to: '.',
        search: (old: Record<string, unknown>) => withoutEmpty({ ...old, ...patch }),
        replace: !how?.push,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [state, change];
}

function withoutEmpty(all: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== '' && value !== null),
  );
}

/** Addresses are read by people: `?status=trouble`, not JSON in quotes. */
export function readSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}
export function writeSearch(values: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(withoutEmpty(values))) query.set(key, String(value));
  return query.size ? `?${query}` : '';
}
