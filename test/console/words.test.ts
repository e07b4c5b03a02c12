/** The words of the console: none is missing, empty, left untranslated or in the wrong language, and none stands outside of the catalogues. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Words } from '../../web/src/words/words.ts';

const source = join(import.meta.dirname, '../../web/src');

/** What is the same in both languages: names, protocols, units. */
const same = new Set(['Custos', 'TCP', 'UDP', 'MB', 'PID', 'FFmpeg', 'Node.js']);

type AnyWords = Words<Record<string, string>>;

async function allWords(): Promise<AnyWords[]> {
  const files = readdirSync(join(source, 'words')).filter(
    (name) => name.endsWith('.ts') && name !== 'words.ts',
  );
  const modules = await Promise.all(
    files.map((name) => import(pathToFileURL(join(source, 'words', name)).href)),
  );
  return modules.flatMap((each) => Object.values(each as Record<string, unknown>).filter(isWords));
}

function isWords(value: unknown): value is AnyWords {
  return typeof value === 'object' && value !== null && 'area' in value && 'en' in value && 'zh' in value;
}

const placeholders = (word: string) => [...word.matchAll(/\{(\w+)\}/g)].map((each) => each[1]).sort();

test('each area has its own name, and some words', async () => {
  const all = await allWords();
  assert.ok(all.length >= 8, `${all.length} areas`);
  const areas = all.map((each) => each.area);
  assert.deepEqual(areas, [...new Set(areas)]);
});

test('every word exists in both languages and says something', async () => {
  for (const { area, en, zh } of await allWords()) {
    const chinese: Readonly<Record<string, string>> = zh;
    for (const [key, word] of Object.entries(en)) {
      assert.ok(word.trim(), `${area}.${key} is empty in English`);
      if (key.endsWith('_one')) continue;
      assert.ok(chinese[key]?.trim(), `${area}.${key} is missing in Chinese`);
    }
    for (const key of Object.keys(chinese)) assert.ok(key in en, `${area}.${key} is missing in English`);
  }
});

test('no word is left untranslated, and English holds no Chinese', async () => {
  for (const { area, en, zh } of await allWords()) {
    for (const [key, word] of Object.entries(en)) {
      assert.doesNotMatch(word, /\p{Script=Han}/u, `${area}.${key} has Chinese in English`);
      const other: string | undefined = (zh as Readonly<Record<string, string>>)[key];
      if (other === undefined || same.has(word)) continue;
      assert.notEqual(other, word, `${area}.${key} is the same in both languages`);
      assert.match(other, /\p{Script=Han}/u, `${area}.${key} has no Chinese in Chinese`);
    }
  }
});

test('both languages fill in the same values', async () => {
  for (const { area, en, zh } of await allWords()) {
    for (const [key, word] of Object.entries(en)) {
      const other = (zh as Readonly<Record<string, string>>)[key];
      if (other === undefined) continue;
      // English may leave a count unsaid where it is one.
      assert.deepEqual(placeholders(other), placeholders(word), `${area}.${key}`);
    }
  }
});

test('a plural has both of its English forms', async () => {
  for (const { area, en } of await allWords()) {
    for (const key of Object.keys(en)) {
      if (key.endsWith('_one')) assert.ok(`${key.slice(0, -4)}_other` in en, `${area}.${key}`);
      if (key.endsWith('_other')) assert.ok(`${key.slice(0, -6)}_one` in en, `${area}.${key}`);
    }
  }
});

function sourceFiles(ending: RegExp): string[] {
  return readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(source, 'words')));
}

/** What stands between tags, or in an attribute that people read or hear, without a brace around it. */
const textBetweenTags =
  /<(?:[a-z][\w.]*|[A-Z][\w.]*)?(?:\s[^<>{}]*)?>\s*([A-Za-z][^<>{}\n]*[A-Za-z.!?])\s*<\//g;
const spokenAttribute = /\b(?:aria-label|title|placeholder|alt|label)="([^"]*\p{L}[^"]*)"/gu;

test('no page holds words of its own', () => {
  const found: string[] = [];
  for (const path of sourceFiles(/\.tsx$/)) {
    const text = withoutComments(readFileSync(path, 'utf8'));
    for (const pattern of [textBetweenTags, spokenAttribute]) {
      for (const [, words = ''] of text.matchAll(pattern)) {
        if (!same.has(words.trim()) && !/^rtsps?:\/\//.test(words))
          found.push(`${relative(source, path)}: ${words.trim()}`);
      }
    }
  }
  assert.deepEqual(found, []);
});

/** The language switch names each language in itself; a reader of neither still finds it. */
const mayHoldChinese = new Set(['shell/controls.tsx', 'time.ts', 'useWords.ts', 'session.ts']);

test('Chinese stands in the catalogues only', () => {
  for (const path of sourceFiles(/\.tsx?$/)) {
    const name = relative(source, path);
    if (mayHoldChinese.has(name)) continue;
    const text = withoutComments(readFileSync(path, 'utf8'));
    assert.doesNotMatch(text, /\p{Script=Han}/u, `${name} holds Chinese`);
  }
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
