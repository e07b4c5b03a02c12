#!/usr/bin/env node
/** `npx custos …`: hands over to `src/ctl.ts` under the pinned Node, whatever Node this was called with. */
import { join } from 'node:path';
import { ensurePackages, main, root, runNode } from '../scripts/set-up.mjs';

await main(async (args) => {
  await ensurePackages();
  return await runNode([join(root, 'src', 'ctl.ts'), ...args]);
});
