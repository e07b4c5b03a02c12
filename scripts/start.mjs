/** `npm start`: sets up what is missing, then runs Custos until it is told to end. */
import { join } from 'node:path';
import { ensureConsole, ensurePackages, ensurePrograms, main, modules, root, runNode } from './set-up.mjs';

await main(async (args) => {
  await ensurePackages();
  if (!args.some((arg) => arg === '--help' || arg === '-h')) {
    await ensurePrograms(['ffmpeg', 'fonts']);
    await ensureConsole();
  }
  // Compiled code is kept from start to start: half a second less, and 25 MB, for the compiler of types is not loaded.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(modules, '.cache', 'custos-main') };
  return await runNode([join(root, 'src', 'main.ts'), ...args], { env });
});
