/** The keys that sign and cosign checkpoints: made at the first start, for the process's own user alone. */
import { chmod, mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, Fault, newId, newSecret } from '../base/index.ts';
import { formatSignerKey, type KeyKind, parseSignerKey, type SignerKey } from './note.ts';

const seedBytes = 32;

/** The log's name is unique by itself: where a Custos is reached may change, what it signed may not. */
const newName = (clock: Clock): string => `custos/ledger/${newId('log', clock.wallMs())}`;

export const openLedgerKey = (keysDir: string, clock: Clock): Promise<SignerKey> =>
  openKey(join(keysDir, 'ledger.key'), 'log', () => newName(clock));

/** A key that stands, or a new one under the name that is asked for. */
export async function openKey(path: string, kind: KeyKind, name: () => string): Promise<SignerKey> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await chmod(dirname(path), 0o700);
  try {
    await using file = await open(path, 'wx', 0o600);
    const seed = Buffer.from(newSecret(seedBytes), 'base64url');
    await file.writeFile(`${formatSignerKey(name(), seed, kind)}\n`);
    await file.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = parseSignerKey(await readFile(path, 'utf8'));
  if (key?.kind !== kind) throw new Fault(`${path} is not the key of a ${kind}`);
  return key;
}
