/** What was found in a file of cameras: what is wrong by row and column, what is to be known, what operating lacks. */
import type { z } from 'zod';
import { fill, imports, lawInWords, type Said } from '../../../src/contract/index.ts';
import { needName } from '../../../src/law/index.ts';
import { sayRefusal } from '../api.ts';
import { Notice } from '../shell/states.tsx';
import { type Language, useLanguage, useWords } from '../useWords.ts';
import { importWords } from '../words/imports.ts';

export type Job = z.output<typeof imports.importJob>;
type Found = Job['problems']['items'][number] | Job['notes']['items'][number];

const columnName = (id: string, lang: Language): string =>
  imports.importColumns.find((column) => column.id === id)?.[lang] ?? id;

function List({
  caption,
  items,
  more,
  words,
}: {
  caption: string;
  items: readonly Found[];
  more: number;
  words: Readonly<Record<string, Said>>;
}) {
  const t = useWords(importWords);
  const lang = useLanguage();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className="register import-found" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="hidden-words">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t('row')}</th>
            <th scope="col">{t('column')}</th>
            <th scope="col">{t('what')}</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ row, column, letter, code, values }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the list is shown once, as it came
            <tr key={i}>
              <td className="number" data-label={t('row')}>
                {row}
              </td>
              <td data-label={t('column')}>
                {column === null
                  ? t('wholeRow')
                  : [letter, columnName(column, lang)].filter(Boolean).join(' · ')}
              </td>
              <td data-label={t('what')}>{fill(words[code]?.[lang] ?? code, lawInWords(values, lang))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p className="soft">{t('more', { count: more })}</p>}
    </section>
  );
}

export function Problems({ job: { problems } }: { job: Job }) {
  const t = useWords(importWords);
  if (problems.items.length === 0) return null;
  return (
    <>
      <h3>{t('problems')}</h3>
      <Notice>{t('problemsSays')}</Notice>
      <List caption={t('problems')} {...problems} words={imports.importProblems} />
    </>
  );
}

export function Notes({ job: { notes } }: { job: Job }) {
  const t = useWords(importWords);
  if (notes.items.length === 0) return null;
  return (
    <>
      <h3>{t('notes')}</h3>
      <List caption={t('notes')} {...notes} words={imports.importNotes} />
    </>
  );
}

export function Lacking({ job: { lacking } }: { job: Job }) {
  const t = useWords(importWords);
  const lang = useLanguage();
  const all = Object.entries(lacking).sort(([, a], [, b]) => b - a);
  if (all.length === 0) return null;
  return (
    <>
      <h3>{t('lacking')}</h3>
      <p className="soft">{t('lackingSays')}</p>
      <ul className="import-lacking">
        {all.map(([need, count]) => (
          <li key={need}>
            {needName(need)[lang]} <span className="number soft">{count}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

export function Refused({ refusal: { code, values } }: { refusal: NonNullable<Job['refusal']> }) {
  // The sentence follows the language that is chosen.
  useLanguage();
  return <Notice>{sayRefusal(code, values)}</Notice>;
}
