/** What a page shows while it has nothing to show: loading, empty, failed, not allowed, not found. */

import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import type { Action } from '../../../src/contract/index.ts';
import { sayRule } from '../../../src/law/index.ts';
import { Problem, sayAction, sentenceOf } from '../api.ts';
import { useMe, useRoleNames } from '../session.ts';
import { isStill } from '../theme.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';
import { Page } from './Page.tsx';

export function Waiting({ rows = 6 }: { rows?: number }) {
  const t = useWords(shellWords);
  return (
    <div role="status" aria-label={t('loading')} className="state-waiting">
      <Skeleton active={!isStill} title={false} paragraph={{ rows }} />
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <p className="state-title">{title}</p>
      {children && <div className="state-text">{children}</div>}
    </div>
  );
}

/** A refusal or fault, in a sentence, with the rule where one is the reason. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useWords(shellWords);
  return (
    <div className="state" role="alert">
      <p className="state-title">{t('failed')}</p>
      <p className="state-text">{sentenceOf(error)}</p>
      <Rules error={error} />
      {retry && <Button onClick={retry}>{t('retry')}</Button>}
    </div>
  );
}

export function Rules({ error }: { error: unknown }) {
  const t = useWords(shellWords);
  const lang = useLanguage();
  // Rules of the gate's own have no article; the sentence above has said what they mean.
  const rules = (error instanceof Problem ? error.because : []).flatMap(({ instrument, article }) =>
    instrument ? [sayRule({ instrument, article: article ?? '' }, lang)] : [],
  );
  if (rules.length === 0) return null;
  return (
    <p className="state-text">
      {t('because')}: {[...new Set(rules)].join(lang === 'zh' ? '；' : '; ')}
    </p>
  );
}

/** A refusal beside the control that caused it. */
export function Notice({
  tone = 'warn',
  children,
}: {
  tone?: 'warn' | 'ok' | 'info' | 'loss';
  children: ReactNode;
}) {
  return (
    <div className={`notice notice-${tone}`} role={tone === 'ok' || tone === 'info' ? 'status' : 'alert'}>
      {children}
    </div>
  );
}

export function Said({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <Notice>
      {sentenceOf(error)}
      <Rules error={error} />
    </Notice>
  );
}

/** Waits for a reply and shows it; what went wrong can be tried again. */
export function Loaded<T>({
  of,
  children,
  rows,
}: {
  of: UseQueryResult<T, Problem>;
  children: (data: T) => ReactNode;
  rows?: number;
}) {
  if (of.data !== undefined) return children(of.data);
  if (of.isError) return <Failed error={of.error} retry={() => void of.refetch()} />;
  return <Waiting {...(rows === undefined ? {} : { rows })} />;
}

export function NotFound() {
  const t = useWords(shellWords);
  return (
    <Page title={t('notFound')}>
      <div className="state">
        <p className="state-text">{t('notFoundSays')}</p>
        <Link to="/">{t('toStart')}</Link>
      </div>
    </Page>
  );
}

export function NotAllowed({ action }: { action: Action }) {
  const t = useWords(shellWords);
  const me = useMe();
  const names = useRoleNames();
  return (
    <Page title={t('notAllowed')}>
      <div className="state">
        <p className="state-text">
          {t('notAllowedSays', { roles: names(me.roles), action: sayAction(action) })}
        </p>
        <Link to="/">{t('toStart')}</Link>
      </div>
    </Page>
  );
}

/** The error boundary of every page. */
export function BrokenPage({ error }: { error: unknown }) {
  const t = useWords(shellWords);
  if (error instanceof Problem) return <Failed error={error} retry={() => location.reload()} />;
  return (
    <div className="state" role="alert">
      <p className="state-title">{t('brokenPage')}</p>
      <p className="state-text">{t('brokenPageSays')}</p>
      <Button onClick={() => location.reload()}>{t('reload')}</Button>
    </div>
  );
}
