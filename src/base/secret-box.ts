/**
 * Secrets at rest (camera passwords): AES-256-GCM under a key in `DATA/keys/`, made at the first start. A sealed value
 * is bound to what it belongs to, so that one row's cannot be pasted into another's.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from './fault.ts';

export interface SecretBox {
  /** `context` says what it belongs to: the camera's id and which of its secrets. */
  seal(text: string, context: string): Uint8Array;
  /** Faults when the key is another one, or the bytes or their context were changed. */
  open(sealed: Uint8Array, context: string): string;
}

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

export async function openSecretBox(keysDir: string): Promise<SecretBox> {
  const key = await readOrMakeKey(join(keysDir, 'secrets.key'));
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Uint8Array.of(version), nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      try {
        if (bytes[0] !== version) throw new Error(`version ${bytes[0]}`);
        const nonce = bytes.subarray(1, 1 + nonceBytes);
        const tag = bytes.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
        const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
        cipher.setAAD(Buffer.from(context)).setAuthTag(tag);
        const body = bytes.subarray(1 + nonceBytes + tagBytes);
        return Buffer.concat([cipher.update(body), cipher.final()]).toString('utf8');
      } catch (cause) {
        throw new Fault('a stored secret cannot be opened with the key in keys/secrets.key', { cause });
      }
    },
  };
}

async function readOrMakeKey(path: string): Promise<Buffer> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await chmod(dirname(path), 0o700);
  const key = await readKey(path);
  if (key) return key;
  const fresh = randomBytes(keyBytes);
  await writeDurably(path, fresh);
  return (await readKey(path)) ?? fresh;
}

async function readKey(path: string): Promise<Buffer | null> {
  try {
    const key = await readFile(path);
    if (key.length !== keyBytes) throw new Fault(`${path} is not a key of ${keyBytes} bytes`);
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all, and never over an existing key: without it every stored password would be lost. */
async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}`;
  {
    await using file = await open(draft, 'w', 0o600);
    await file.writeFile(bytes);
    await file.sync();
  }
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(draft);
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}
