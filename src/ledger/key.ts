/** The key that signs checkpoints: made at the first start, in `DATA/keys/`, for the process's own user alone. */
import { chmod, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Fault, newId, newSecret } from '../base/index.ts';
import { formatSignerKey, parseSignerKey, type SignerKey } from './note.ts';

const seedBytes = 32;

/** The log's name is unique by itself: where a Custos is reached may change, what it signed may not. */
const newName = (clock: Clock): string => `custos/ledger/${newId('log', clock.wallMs())}`;

export async function openLedgerKey(keysDir: string, clock: Clock): Promise<SignerKey> {
  const path = join(keysDir, 'ledger.key');
  await mkdir(keysDir, { recursive: true, mode: 0o700 });
  await chmod(keysDir, 0o700);
  try {
    await using file = await open(path, 'wx', 0o600);
    const seed = Buffer.from(newSecret(seedBytes), 'base64url');
    await file.writeFile(`${formatSignerKey(newName(clock), seed)}\n`);
    await file.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = parseSignerKey(await readFile(path, 'utf8'));
  if (!key) throw new Fault(`${path} is not the key of a ledger`);
  return key;
}
