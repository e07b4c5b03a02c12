/** `docs/access-report.md`: what the walks through every door found, each in a section of its own, made anew by the tests. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../../docs/access-report.md', import.meta.url).pathname;
const head = `# Who gets through which door

Made anew by the tests at each run: every endpoint of the contract and every way to a byte of video is really tried by each persona. Do not edit.
`;
const names = ['Ways to video', 'Endpoints'] as const;

/** Replaces one section and keeps the other. */
export function reportAccess(name: (typeof names)[number], body: string): void {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : head;
  const parts = new Map(
    before
      .split(/^## /m)
      .slice(1)
      .map((part): [string, string] => [
        part.slice(0, part.indexOf('\n')),
        part.slice(part.indexOf('\n') + 1).trim(),
      ]),
  );
  parts.set(name, body.trim());
  const sections = names.flatMap((one) => (parts.has(one) ? [`## ${one}\n\n${parts.get(one)}\n`] : []));
  const text = `${head}\n${sections.join('\n')}`;
  if (text !== before) writeFileSync(path, text);
}
