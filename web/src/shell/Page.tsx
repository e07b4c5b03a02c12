/** The frame of one page: its title in the window and as the first heading, and what can be done on it. */
import { type ReactNode, useEffect } from 'react';
import { useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';

export function usePageTitle(title: string): void {
  const t = useWords(shellWords);
  useEffect(() => {
    document.title = `${title} · ${t('product')}`;
  }, [title, t]);
}

export function Page({
  title,
  says,
  extra,
  wide,
  children,
}: {
  title: string;
  says?: ReactNode;
  extra?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  usePageTitle(title);
  return (
    <div className={wide ? 'page' : 'page page-narrow'}>
      <div className="page-head">
        <div>
          <h1>{title}</h1>
          {says && <p className="page-says">{says}</p>}
        </div>
        {extra && <div className="page-extra">{extra}</div>}
      </div>
      {children}
    </div>
  );
}
