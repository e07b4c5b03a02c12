/** The frame of the pages before a sign-in: mark, switches, one panel. */
import { type ReactNode, useEffect } from 'react';
import { enterPlace, themeOf } from '../theme.ts';
import { useWords } from '../useWords.ts';
import { loginWords } from '../words/entry.ts';
import { shellWords } from '../words/shell.ts';
import { LanguageSwitch, ThemeSwitch } from './controls.tsx';
import { usePageTitle } from './Page.tsx';

export function Entrance({ title, wide, children }: { title: string; wide?: boolean; children: ReactNode }) {
  const t = useWords(shellWords);
  const login = useWords(loginWords);
  usePageTitle(title);
  useEffect(() => {
    themeOf('');
    enterPlace('office');
  }, []);
  return (
    <div className="entrance">
      <header className="entrance-head">
        <img src="/mark.svg" alt="" width={36} height={36} />
        <div>
          <p className="entrance-name">{t('product')}</p>
          <p className="soft">{login('about')}</p>
        </div>
      </header>
      <main className={wide ? 'panel entrance-panel entrance-wide' : 'panel entrance-panel'}>{children}</main>
      <footer className="entrance-foot">
        <LanguageSwitch />
        <ThemeSwitch />
      </footer>
    </div>
  );
}
