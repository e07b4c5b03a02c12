/** How the console is built: one folder of hashed files that the server hands out; nothing comes from outside. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `npm run dev` sends what is not the console to a server that runs beside it. */
const server = 'http://127.0.0.1:8700';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // A data: URL in a style sheet would need a wider policy than the console has.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      '/api': server,
      '/media': { target: server, ws: true },
    },
  },
});
