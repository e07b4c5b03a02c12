/** `npm start`: sets up what is missing, then runs Custos until it is told to end. */
import { join } from 'node:path';
import { ensureConsole, ensurePackages, ensurePrograms, main, root, runNode } from './set-up.mjs';

await main(async (args) => {
  await ensurePackages();
  if (!args.some((arg) => arg === '--help' || arg === '-h')) {
    await ensurePrograms(['ffmpeg', 'fonts']);
    await ensureConsole();
  }
  return await runNode([join(root, 'src', 'main.ts'), ...args]);
});
