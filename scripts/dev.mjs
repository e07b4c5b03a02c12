/** `npm run dev`: the server restarts when its source changes, the console is built anew when its own does. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureConsole, ensurePackages, ensurePrograms, main, nodePath, root, runNode } from './set-up.mjs';

await main(async (args) => {
  await ensurePackages();
  await ensurePrograms(['ffmpeg', 'fonts']);
  await ensureConsole();
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const console = spawn(nodePath(), [vite, 'build', 'web', '--watch', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  const code = await runNode(['--watch-preserve-output', '--watch', join(root, 'src', 'main.ts'), ...args]);
  console.kill('SIGTERM');
  return code;
});
