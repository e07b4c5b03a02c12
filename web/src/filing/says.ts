/** How the parts of a filing are said: fields, parts, documents, clocks, in the reader's language. */
import {
  clockWords,
  factWords,
  fieldWords,
  kindWords,
  partWords,
  sayNames,
  unitWords,
  yesNoWords,
} from '../../../src/contract/index.ts';
import { isRecordKind, placeClasses, placeTypeOf, recordKinds, rooms } from '../../../src/law/index.ts';
import type { Language } from '../useWords.ts';

const of = (
  words: Readonly<Record<string, { zh: string; en: string }>>,
  key: string,
  lang: Language,
): string => (Object.hasOwn(words, key) ? (words[key]?.[lang] ?? key) : key);

export const sayField = (field: string, lang: Language): string => of(fieldWords, field, lang);
export const sayPart = (part: string, lang: Language): string => of(partWords, part, lang);
export const sayKind = (kind: string, lang: Language): string => of(kindWords, kind, lang);
export const sayClock = (kind: string, lang: Language): string => of(clockWords, kind, lang);
export const sayDocument = (kind: string, lang: Language): string =>
  isRecordKind(kind) ? recordKinds[kind].name[lang] : kind;
const documentNames = Object.fromEntries(Object.entries(recordKinds).map(([kind, { name }]) => [kind, name]));
export const sayFacts = (facts: readonly string[], lang: Language): string =>
  sayNames(factWords, facts.join(' '), lang);
export const sayDocuments = (kinds: readonly string[], lang: Language): string =>
  sayNames(documentNames, kinds.join(' '), lang);

/** A value as it was or is: what stands for something is said in words. */
export function sayValue(part: string, value: string | null, lang: Language): string {
  if (value === null) return '—';
  if (part === 'room') return of(rooms, value, lang);
  if (part === 'placeClass') return of(placeClasses, value, lang);
  if (part === 'placeType') return placeTypeOf(value)?.name[lang] ?? value;
  if (part === 'turns' || part === 'sound') return of(yesNoWords, value, lang);
  if (part === 'storage') return sayStorage(value, lang);
  return value;
}

/** `30 day` → 30 days · 30 日. */
export function sayStorage(period: string, lang: Language): string {
  const [n = '', unit = ''] = period.split(' ');
  return `${n} ${of(unitWords, unit, lang)}`;
}

/** `2026-11-18` → 2026-11-18 (Wednesday): a day to be kept is a day of a week. */
export const sayDay = (day: string, lang: Language): string => {
  const weekday = new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', {
    weekday: 'long',
    timeZone: 'UTC',
  });
  return `${day} (${weekday.format(new Date(`${day}T00:00:00Z`))})`;
};

/** Between the entries of a list in a line. */
export const sayList: Readonly<Record<Language, string>> = { zh: '\uff1b', en: '; ' };
