/** Says the law in a refusal's values in the reader's language, before they are filled into its sentence. */
import { recordKinds, sayArticle, sayInstrument } from '../law/index.ts';
import { factWords, sayNames } from './filing-words.ts';

type Values = Readonly<Record<string, string | number>>;

/** Apart from `fill`, which the engine's processes load as well: they have no use for the law. */
export function lawInWords(values: Values, language: 'en' | 'zh'): Values {
  const { instrument, article, documents, facts } = values;
  return {
    ...values,
    ...(typeof instrument === 'string' ? { instrument: sayInstrument(instrument, language) } : {}),
    ...(typeof article === 'string' ? { article: sayArticle(article, language) } : {}),
    ...(typeof facts === 'string' ? { facts: sayNames(factWords, facts, language) } : {}),
    ...(typeof documents === 'string' ? { documents: sayNames(documentNames, documents, language) } : {}),
  };
}

const documentNames = Object.fromEntries(Object.entries(recordKinds).map(([kind, { name }]) => [kind, name]));
