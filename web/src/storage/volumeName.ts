/** What a volume is called: the first has a name of the system's until a person gives it one. */
import { useCallback } from 'react';
import { useWords } from '../useWords.ts';
import { storageWords } from '../words/storage.ts';

const firstName = 'footage';

export function useVolumeName(): (name: string) => string {
  const t = useWords(storageWords);
  return useCallback((name) => (name === firstName ? t('firstVolume') : name), [t]);
}
