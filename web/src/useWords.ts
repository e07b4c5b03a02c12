/** The words of an area in the language of the reader, and which language that is. */
import i18next from 'i18next';
import { useCallback, useSyncExternalStore } from 'react';
import { fill, type Said } from '../../src/contract/index.ts';
import type { WordKey, Words, WordValues } from './words/words.ts';

export const languages = ['zh', 'en'] as const;
export type Language = (typeof languages)[number];

const remembered = 'custos.language';

function firstLanguage(): Language {
  const kept = localStorage.getItem(remembered);
  if (kept === 'zh' || kept === 'en') return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** Must run once, before the first page is drawn. */
export async function startWords(): Promise<void> {
  await i18next.init({
    lng: firstLanguage(),
    resources: {},
    // React escapes; `{x}` is the form of the catalogues in the contract, so that there is one form everywhere.
    interpolation: { escapeValue: false, prefix: '{', suffix: '}' },
    // A word may hold `.` and `:`; keys are names.
    keySeparator: false,
    nsSeparator: false,
  });
  tellDocument();
  i18next.on('languageChanged', tellDocument);
  // Chosen in another tab.
  addEventListener('storage', ({ key, newValue }) => {
    if (key === remembered && (newValue === 'zh' || newValue === 'en')) void i18next.changeLanguage(newValue);
  });
}

function tellDocument(): void {
  document.documentElement.lang = language() === 'zh' ? 'zh-CN' : 'en';
}

export function language(): Language {
  return i18next.language === 'zh' ? 'zh' : 'en';
}

export function chooseLanguage(next: Language): void {
  localStorage.setItem(remembered, next);
  void i18next.changeLanguage(next);
}

function onLanguage(changed: () => void): () => void {
  i18next.on('languageChanged', changed);
  return () => i18next.off('languageChanged', changed);
}

export function useLanguage(): Language {
  return useSyncExternalStore(onLanguage, language);
}

export type Say<En> = (key: WordKey<En>, values?: WordValues) => string;

/** For use outside of a component. Inside of one `useWords` follows the language as it is switched. */
export function say<En extends Readonly<Record<string, string>>>(
  from: Words<En>,
  key: WordKey<En>,
  values?: WordValues,
  inLanguage: Language = language(),
): string {
  if (!i18next.hasResourceBundle(inLanguage, from.area)) {
    i18next.addResourceBundle('en', from.area, from.en);
    i18next.addResourceBundle('zh', from.area, from.zh);
  }
  // Our keys are typed by the words themselves; i18next's own typing knows only one global list.
  const look: (key: string, options: Record<string, unknown>) => string = i18next.t;
  return look(key, { ...values, ns: from.area, lng: inLanguage });
}

/** `const t = useWords(cameraWords); t('title'); t('lost', { seconds: 3 })`. */
export function useWords<En extends Readonly<Record<string, string>>>(from: Words<En>): Say<En> {
  const lang = useLanguage();
  return useCallback((key, values) => say(from, key, values, lang), [from, lang]);
}

/** Sentences of the contract's catalogues (causes of gaps, camera problems, refusals) in the reader's language. */
export function useSaid(): (said: Said, values?: WordValues) => string {
  const lang = useLanguage();
  return useCallback((said, values = {}) => fill(said[lang], values), [lang]);
}
