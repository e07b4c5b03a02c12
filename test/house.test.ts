/** The rules of the house, each with its reason. Exceptions stand in goldens whose aim is to be empty. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cameraProblems, gapCauses, refusals } from '../src/contract/index.ts';
import { golden, goldenLines } from './support/golden.ts';
import {
  importsOf,
  isNode,
  lineOf,
  type Node,
  readSources,
  resolveImport,
  type Source,
  walk,
} from './support/sources.ts';

const floors: Record<string, number> = {
  base: 0,
  law: 1,
  contract: 2,
  evidence: 2,
  engine: 3,
  db: 3,
  ledger: 4,
  gate: 5,
  collect: 6,
  transmit: 7,
  store: 8,
  display: 9,
  govern: 10,
  http: 11,
  jobs: 11,
};
const server = readSources('src');
const console_ = readSources('web/src', 'web/vite.config.ts');
const around = readSources('scripts', 'bench', 'demo', 'bin');
const tests = readSources('test');

/** The folder of a file of src; `main` for what stands on the top floor: composition and the command line. */
const folderOf = (path: string): string => {
  const folder = /^src\/([a-z]+)\//.exec(path)?.[1] ?? 'main';
  return folder === 'ctl' ? 'main' : folder;
};
const floorOf = (folder: string): number => floors[folder] ?? 12;
const at = (source: Source, node: Node): string => `${source.path}:${lineOf(source, node.start)}`;

/** `file -> file` of every import that one of the rules forbids. */
function forbiddenImports(
  sources: readonly Source[],
  forbids: (from: string, to: string) => boolean,
): string[] {
  const found = sources.flatMap((source) =>
    importsOf(source).flatMap(({ from }) => {
      const to = resolveImport(source, from);
      return to?.startsWith('src/') && forbids(source.path, to) ? [`${source.path} -> ${to}`] : [];
    }),
  );
  return [...new Set(found)].sort();
}

test('every file of src stands on a floor', () => {
  for (const { path } of server) {
    const folder = folderOf(path);
    assert.ok(folder === 'main' || folder in floors, `${path}: ${folder} is on no floor`);
  }
});

test('imports only point down, so that a lower floor never knows why', () => {
  const up = forbiddenImports(server, (from, to) => {
    const [own, other] = [folderOf(from), folderOf(to)];
    return own !== other && floorOf(other) >= floorOf(own);
  });
  golden('imports-up.txt', up.map((line) => `${line}\n`).join(''));
});

test('another folder is entered by its index.ts, so that what stands behind it can move', () => {
  const inner = forbiddenImports([...server, ...around], (from, to) => {
    const isEntrance =
      /^src\/[a-z]+\/index\.ts$/.test(to) || (folderOf(from) === 'main' && /\/index\.ts$/.test(to));
    return folderOf(from) !== folderOf(to) && folderOf(to) !== 'main' && !isEntrance;
  });
  // What runs in a browser cannot take all of base; the engine's processes do not pay for zod, 64 cameras or one.
  const allowed = [
    /^src\/(law|contract|evidence)\/.* -> src\/base\/(refusal|ids)\.ts$/,
    /^src\/engine\/.* -> src\/contract\/(bucket-problems|causes|frames)\.ts$/,
  ];
  assert.deepEqual(
    inner.filter((line) => !allowed.some((one) => one.test(line))),
    [],
  );
});

test('the console takes contract and law, and nothing else of src', () => {
  const taken = forbiddenImports(console_, (_from, to) => !/^src\/(contract|law)\//.test(to));
  assert.deepEqual(taken, []);
});

test('contract, law, evidence and base/{refusal,ids} import nothing of Node: they run in a browser', () => {
  const pure = server.filter(({ path }) =>
    /^src\/(contract|law|evidence)\/|^src\/base\/(refusal|ids)\.ts$/.test(path),
  );
  assert.ok(pure.length > 5);
  for (const source of pure) {
    for (const { from } of importsOf(source)) {
      assert.ok(!from.startsWith('node:'), `${source.path} imports ${from}`);
      const to = resolveImport(source, from);
      const isPure = to === null || pure.some(({ path }) => path === to);
      assert.ok(isPure, `${source.path} imports ${from}, which is not pure`);
    }
    for (const [node, [parent]] of walk(source.program)) {
      const isGlobal = node.type === 'Identifier' && (node.name === 'process' || node.name === 'Buffer');
      const isMember =
        parent?.type === 'MemberExpression' && parent.property === node && parent.computed === false;
      const isKey = parent?.type === 'Property' && parent.key === node;
      assert.ok(!isGlobal || isMember || isKey, `${at(source, node)} uses ${String(node.name)}`);
    }
  }
});

test('time, chance and environment are read in base alone: everything above can be tested at any hour', () => {
  const readers =
    /^(Date\.now|performance\.now|Math\.random|process\.env|process\.hrtime|crypto\.getRandomValues|crypto\.randomUUID)$/;
  const named = new Set([
    'randomBytes',
    'randomInt',
    'randomUUID',
    'getRandomValues',
    'randomFillSync',
    'hrtime',
  ]);
  const found = server
    .filter(({ path }) => !path.startsWith('src/base/'))
    .flatMap((source) =>
      [...walk(source.program)].flatMap(([node]) => {
        const what = source.text.slice(node.start, node.end);
        const isRead = node.type === 'MemberExpression' && readers.test(what);
        const isImported =
          node.type === 'ImportSpecifier' && isNode(node.imported) && named.has(String(node.imported.name));
        // The two programs hand the environment on, whole.
        const isProgram = /^src\/(main|ctl)\.ts$/.test(source.path) && what.startsWith('process.env');
        const isNow = node.type === 'NewExpression' && what === 'new Date()';
        return (isRead && !isProgram) || isImported || isNow ? [`${at(source, node)} ${what}`] : [];
      }),
    );
  assert.deepEqual(found, []);
});

test('nothing is of type any', () => {
  const found = [...server, ...console_, ...around, ...tests].flatMap((source) =>
    [...walk(source.program)].flatMap(([node]) => {
      if (node.type !== 'TSAnyKeyword') return [];
      const line = lineOf(source, node.start);
      const before = source.text.split('\n')[line - 2] ?? '';
      // Tests may read a reply as they expect it; each such line says so.
      const isSaid =
        source.path.startsWith('test/') && before.includes('biome-ignore lint/suspicious/noExplicitAny:');
      return isSaid ? [] : [`${source.path}:${line}`];
    }),
  );
  assert.deepEqual(found, []);
});

const maxLines = 70;
const linesOf = (source: Source, node: Node): number =>
  lineOf(source, node.end) - lineOf(source, node.start) + 1;

/** Markup of a component is read as a picture, not as steps: an outermost element counts as one line. */
function markupLines(source: Source, node: Node): number {
  const isMarkup = (one: Node): boolean => one.type === 'JSXElement' || one.type === 'JSXFragment';
  let lines = 0;
  for (const [one, above] of walk(node)) {
    if (isMarkup(one) && !above.some(isMarkup)) lines += linesOf(source, one) - 1;
  }
  return lines;
}

function nameOf(node: Node, above: readonly Node[]): string {
  for (const one of [node, ...above.slice(0, 2)]) {
    for (const key of ['id', 'key'] as const) {
      const name = one[key];
      if (isNode(name) && typeof name.name === 'string') return name.name;
    }
  }
  return 'nameless';
}

test('a function has at most seventy lines; a longer one is listed with its reason', () => {
  const long = [...server, ...console_, ...around].flatMap((source) =>
    [...walk(source.program)].flatMap(([node, above]) => {
      if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return [];
      const lines = linesOf(source, node) - markupLines(source, node);
      return lines > maxLines ? [{ name: `${source.path} ${nameOf(node, above)}`, lines }] : [];
    }),
  );
  const listed = goldenLines('long-functions.txt').map((line) => {
    const [, name = '', reason = ''] = /^(\S+ \S+)\s*(.*)$/.exec(line) ?? [];
    assert.ok(reason.length >= 20, `long-functions.txt: ${name} has no reason`);
    return name;
  });
  const unlisted = long.filter(({ name }) => !listed.includes(name));
  assert.deepEqual(unlisted, []);
  const names = new Set(long.map(({ name }) => name));
  for (const name of listed) assert.ok(names.has(name), `long-functions.txt: ${name} is not long any more`);
});

test('a file of src or of the console opens with a sentence that says what it holds', () => {
  const silent = [...server, ...console_, ...around].filter(
    ({ text }) => !/^(#!.*\n)?(\/\*\*|\/\/ )/.test(text),
  );
  assert.deepEqual(
    silent.map(({ path }) => path),
    [],
  );
});

/** String literals given to `refuse(…)` and `new Refusal(…)`. */
function refusedCodes(source: Source): [string, string][] {
  return [...walk(source.program)].flatMap(([node]): [string, string][] => {
    const isCall = node.type === 'CallExpression' || node.type === 'NewExpression';
    const callee = isCall && isNode(node.callee) ? node.callee.name : undefined;
    if (callee !== 'refuse' && callee !== 'Refusal') return [];
    const [first] = node.arguments as Node[];
    return typeof first?.value === 'string' ? [[at(source, node), first.value]] : [];
  });
}

test('every refusal has its code in the catalogue, and every code of the catalogue is used', () => {
  const used = server.flatMap(refusedCodes);
  for (const [where, code] of used) assert.ok(code in refusals, `${where}: ${code} is not in the catalogue`);
  const literals = new Set(
    server
      .filter(({ path }) => path !== 'src/contract/refusals.ts')
      .flatMap((source) => [...walk(source.program)].map(([node]) => node.value)),
  );
  assert.deepEqual(
    Object.keys(refusals).filter((code) => !literals.has(code)),
    [],
  );
});

const placeholders = (sentence: string): string[] =>
  [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort();

test('every refusal, cause and problem has a sentence in 中文 and in English, with the same values', () => {
  for (const [code, said] of Object.entries({ ...refusals, ...gapCauses, ...cameraProblems })) {
    assert.match(said.zh, /\p{Script=Han}/u, code);
    assert.doesNotMatch(said.en, /\p{Script=Han}/u, code);
    assert.deepEqual(placeholders(said.zh), placeholders(said.en), code);
    assert.equal(said.en.trim(), said.en, code);
  }
});

test('nothing is left for later: no note to self, no test left out', () => {
  const found = [...server, ...console_, ...around, ...tests].flatMap((source) => {
    const notes = source.comments.filter(({ value }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(value));
    const skipped = [...walk(source.program)].filter(([node]) => {
      if (node.type !== 'MemberExpression' || !isNode(node.property) || !isNode(node.object)) return false;
      const isTest = /^(test|it|describe|suite)$/.test(String(node.object.name));
      return isTest && /^(skip|only|todo)$/.test(String(node.property.name));
    });
    const options = [...walk(source.program)].filter(([node, [, call]]) => {
      const isOption =
        node.type === 'Property' && isNode(node.key) && /^(skip|only|todo)$/.test(String(node.key.name));
      // On a condition is honest: what cannot be shown on this machine says why.
      if (!isOption || !isNode(node.value) || node.value.type !== 'Literal') return false;
      return (
        call?.type === 'CallExpression' &&
        isNode(call.callee) &&
        /^(test|it|suite)$/.test(String(call.callee.name))
      );
    });
    return [
      ...notes.map(({ start }) => `${source.path}:${lineOf(source, start)}`),
      ...[...skipped, ...options].map(([node]) => at(source, node)),
    ];
  });
  assert.deepEqual(found, []);
});

/** Other words for what has its word already, and words that say nothing. As parts of names that a file declares at its top. */
const forbiddenWords: Record<string, string> = {
  tenant: 'unit',
  organisation: 'unit',
  organization: 'unit',
  facility: 'site',
  camcorder: 'camera',
  privilege: 'permission',
  audittrail: 'ledger',
  auditlog: 'ledger',
  storage: 'volume',
  outage: 'gap',
  spectator: 'viewer',
  manager: 'say what it does',
  helper: 'say what it does',
  helpers: 'say what it does',
  util: 'say what it does',
  utils: 'say what it does',
  misc: 'say what it does',
  service: 'say what it does',
  impl: 'say what it does',
};

const partsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[ _$]+/);

function declaredNames(source: Source): [string, Node][] {
  const body = source.program.body as Node[];
  return body.flatMap((statement) => {
    const declared = isNode(statement.declaration) ? statement.declaration : statement;
    const list = declared.type === 'VariableDeclaration' ? (declared.declarations as Node[]) : [declared];
    return list.flatMap((one): [string, Node][] =>
      isNode(one.id) && typeof one.id.name === 'string' ? [[one.id.name, one]] : [],
    );
  });
}

test('a thing has one word, that of the glossary', () => {
  // The law has words of its own.
  const ours = [...server, ...around].filter(({ path }) => !path.startsWith('src/law/'));
  const found = ours.flatMap((source) =>
    declaredNames(source).flatMap(([name, node]) =>
      partsOf(name)
        .filter((part) => part in forbiddenWords)
        .map((part) => `${at(source, node)} ${name}: ${forbiddenWords[part]}`),
    ),
  );
  assert.deepEqual(found, []);
});

test('a table is written by one folder only', () => {
  const writers = new Map<string, Set<string>>();
  for (const source of server) {
    for (const [node] of walk(source.program)) {
      const callee = node.type === 'CallExpression' && isNode(node.callee) ? node.callee : undefined;
      const method = callee && isNode(callee.property) ? String(callee.property.name) : '';
      if (!/^(insertInto|updateTable|deleteFrom|replaceInto|mergeInto)$/.test(method)) continue;
      const [table] = node.arguments as Node[];
      if (typeof table?.value !== 'string') continue;
      const name = table.value.split(' ')[0]!;
      writers.set(name, (writers.get(name) ?? new Set()).add(folderOf(source.path)));
    }
  }
  assert.ok(writers.size > 3);
  for (const [table, folders] of writers)
    assert.deepEqual([...folders], [[...folders][0]], `${table} has several writers`);
});

test('nothing that identifies people is in the house', () => {
  const words =
    /\b(face-?(recogni|api|net|id)|recogni[sz]e(d|s)? (a )?(person|face)|embedding|watch-?list|re-?identif)/i;
  const found = [...server, ...console_, ...around].filter(({ text }) => words.test(text));
  assert.deepEqual(
    found.map(({ path }) => path),
    [],
  );
});
