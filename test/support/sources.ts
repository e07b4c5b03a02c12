/** The source tree as syntax trees: for tests that hold the house to its rules. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { parseSync } from 'vite';

export const root = join(import.meta.dirname, '../..');

/** A node of ESTree with types; only what the rules ask for is known of it. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

export interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: Node;
  readonly comments: readonly { value: string; start: number }[];
}

/** All TypeScript below these folders, parsed; what is generated or installed is not ours. */
export function readSources(...folders: string[]): Source[] {
  return folders.flatMap((folder) => {
    const top = join(root, folder);
    if (!existsSync(top)) return [];
    const names = statSync(top).isFile() ? [top] : listFiles(top);
    return names.filter((name) => /\.(ts|tsx|mjs)$/.test(name)).map(parse);
  });
}

function listFiles(top: string): string[] {
  const entries = readdirSync(top, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((name) => !/\/(node_modules|dist|golden)\//.test(name))
    .sort();
}

function parse(file: string): Source {
  const text = readFileSync(file, 'utf8');
  const parsed = parseSync(file, text);
  if (parsed.errors.length > 0) throw new Error(`${file} does not parse: ${parsed.errors[0]?.message}`);
  const path = relative(root, file).split(sep).join('/');
  return { path, text, program: parsed.program as unknown as Node, comments: parsed.comments };
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Every node below, with what stands around it, nearest first. */
export function* walk(node: Node, around: readonly Node[] = []): Generator<[Node, readonly Node[]]> {
  yield [node, around];
  const inner = [node, ...around];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* walk(child, inner);
  }
}

export function lineOf(source: Source, at: number): number {
  let line = 1;
  for (let i = source.text.indexOf('\n'); i !== -1 && i < at; i = source.text.indexOf('\n', i + 1)) line++;
  return line;
}

/** What a file imports and re-exports, by its literal; dynamic imports and workers too. */
export function importsOf(source: Source): { from: string; isTypeOnly: boolean }[] {
  const found: { from: string; isTypeOnly: boolean }[] = [];
  for (const [node] of walk(source.program)) {
    const isImport =
      /^(ImportDeclaration|ExportNamedDeclaration|ExportAllDeclaration|ImportExpression)$/.test(node.type);
    if (!isImport || !isNode(node.source) || typeof node.source.value !== 'string') continue;
    const isTypeOnly = node.importKind === 'type' || node.exportKind === 'type';
    found.push({ from: node.source.value, isTypeOnly });
  }
  return found;
}

/** The file, from the root, that a relative import means; null for a package. */
export function resolveImport(source: Source, from: string): string | null {
  if (!from.startsWith('.')) return null;
  return join(dirname(source.path), from).split(sep).join('/');
}
