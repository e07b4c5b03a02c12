/**
 * Documents for paper: a Typst template and its data become a PDF with Chinese and Latin type. The typesetter is a
 * native library: it runs in a child that may fail without harm to recording, one document after the other.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment, type Log, refuse } from '../base/index.ts';

const script = fileURLToPath(new URL('./typeset-main.ts', import.meta.url));
const withinMs = 60_000;
const maxPdfBytes = 64 * 1024 * 1024;
const maxWaiting = 8;

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

export async function typeset(template: string, data: unknown, log: Log): Promise<Buffer> {
  if (waiting >= maxWaiting) refuse('request.too-many', { seconds: 10 });
  waiting++;
  const mine = last.then(() => run(JSON.stringify({ template, data })));
  last = mine.catch(() => {});
  try {
    const { pdf, said } = await mine;
    if (pdf) return pdf;
    log.error({ said }, 'a document could not be typeset');
    return refuse('document.typeset');
  } finally {
    waiting--;
  }
}

function run(order: string): Promise<{ pdf: Buffer | null; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script], {
      env: childEnvironment(),
      timeout: withinMs,
      killSignal: 'SIGKILL',
    });
    const pieces: Buffer[] = [];
    let bytes = 0;
    let said = '';
    child.stdout.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= maxPdfBytes) pieces.push(piece);
    });
    child.stderr.on('data', (piece: Buffer) => {
      said = (said + piece).slice(-2_000);
    });
    child.once('error', (error) => resolve({ pdf: null, said: error.message }));
    child.once('close', (code) =>
      resolve({ pdf: code === 0 && bytes <= maxPdfBytes ? Buffer.concat(pieces) : null, said }),
    );
    // A child that ended early closes its input: 'close' says so.
    child.stdin.on('error', () => {});
    child.stdin.end(order);
  });
}
