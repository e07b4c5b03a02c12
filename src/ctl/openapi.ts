/** `custos openapi`: the description of the HTTP interface, as the server gives it at `/api/openapi.json`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Usage } from './command.ts';

export const openapi: Command = {
  does: {
    en: 'Prints the description of the HTTP interface (OpenAPI 3.1, JSON).',
    zh: '输出 HTTP 接口说明（OpenAPI 3.1，JSON）。',
  },
  run: async (args) => {
    const strange = args.find((arg) => arg !== '--json');
    if (strange !== undefined) throw new Usage(`openapi takes no ${strange}.`, strange === '--help');
    // Loaded only here: the server's packages would slow every other command down.
    const { openApi } = await import('../http/index.ts');
    const file = join(import.meta.dirname, '../../package.json');
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    process.stdout.write(`${JSON.stringify(openApi(version), null, 2)}\n`);
    return 0;
  },
};
