/** Who is signed in, as every page asks for it. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { type Action, gate, roles } from '../../src/contract/index.ts';
import { call, keyOf, type Me, useCall } from './api.ts';
import { themeOf } from './theme.ts';
import { useLanguage, useWords } from './useWords.ts';
import { shellWords } from './words/shell.ts';

export const sessionKey = keyOf(gate.session);

/** Throws the `Problem` with code `session.needed` when nobody is. */
export async function readMe(client: QueryClient): Promise<Me> {
  const me = await client.ensureQueryData({
    queryKey: sessionKey,
    queryFn: () => call(gate.session),
    staleTime: 60_000,
  });
  themeOf(me.id);
  return me;
}

/** Inside of the shell somebody is signed in. */
export function useMe(): Me {
  const found = useCall(gate.session, {}, { staleTime: 60_000 });
  if (!found.data) throw new Error('useMe outside of the shell');
  return found.data;
}

export function useMay(): (action: Action) => boolean {
  const me = useMe();
  return (action) => me.may.includes(action);
}

/** Forgets everything that the last person saw. */
export function useForgetAll(): () => void {
  const client = useQueryClient();
  return () => client.clear();
}

export function useRoleNames(): (names: readonly string[]) => string {
  const t = useWords(shellWords);
  const between = useLanguage() === 'zh' ? '、' : ', ';
  return (names) =>
    roles
      .filter((role) => names.includes(role))
      .map((role) => t(`role_${role}`))
      .join(between);
}
