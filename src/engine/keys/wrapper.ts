/**
 * What wraps day keys: a master of 32 bytes (from a file, or made of a passphrase), or a key management service, spoken
 * to by a program that the operator names. Nothing else knows the master.
 */
import { spawn } from 'node:child_process';
import { createCipheriv, createDecipheriv, type KeyObject, scrypt } from 'node:crypto';
import { childEnvironment, Fault, newKey } from '../../base/index.ts';
import { asKeyObject } from './day-key.ts';

/** `context` says which key it is, and is authenticated with it: one key's wrapping opens as no other. */
export interface KeyWrapper {
  wrap(key: Uint8Array, context: string): Promise<Uint8Array>;
  /** Faults when it is another master's wrapping, another key's, or was changed. */
  unwrap(wrapped: Uint8Array, context: string): Promise<Uint8Array>;
}

const nonceBytes = 12;
const tagBytes = 16;
const cipherName = 'aes-256-gcm';

/** nonce (12) ‖ tag (16) ‖ AES-256-GCM of the key, with the context as associated data. */
export function masterWrapper(master: Uint8Array): KeyWrapper {
  const key: KeyObject = asKeyObject(master);
  return {
    wrap: async (secret, context) => {
      const nonce = newKey(nonceBytes);
      const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    unwrap: async (wrapped, context) => {
      const bytes = Buffer.from(wrapped);
      try {
        const nonce = bytes.subarray(0, nonceBytes);
        const decipher = createDecipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
      } catch (cause) {
        throw new Fault('the master key does not open this key', { cause });
      }
    },
  };
}

export interface PassphraseCost {
  readonly salt: string;
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** RFC 7914; 128 MB and about half a second, once a start. */
export const newPassphraseCost = (): PassphraseCost => ({
  ...{ salt: Buffer.from(newKey(16)).toString('base64'), N: 2 ** 17, r: 8, p: 1 },
});

export function masterOfPassphrase(
  passphrase: string,
  { salt, N, r, p }: PassphraseCost,
): Promise<Uint8Array> {
  const cost = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), 32, cost, (error, key) =>
      error ? reject(new Fault('the passphrase cannot be used', { cause: error })) : resolve(key),
    );
  });
}

/** A question to the operator's program takes at most so long. */
const answerWithinMs = 15_000;
const maxAnswerBytes = 64 * 1024;

/**
 * A key management service behind a program: it gets one line of JSON on its standard input, `{"op":"wrap"|"unwrap",
 * "context":…,"data":base64}`, answers `{"data":base64}` on its standard output and ends with code 0. Keys go through
 * pipes only, never through arguments or the environment.
 */
export function commandWrapper(program: string): KeyWrapper {
  const ask = async (op: 'wrap' | 'unwrap', data: Uint8Array, context: string): Promise<Uint8Array> => {
    const line = JSON.stringify({ op, context, data: Buffer.from(data).toString('base64') });
    return parseAnswer(await runOnce(program, `${line}\n`), program);
  };
  return {
    wrap: (key, context) => ask('wrap', key, context),
    unwrap: (wrapped, context) => ask('unwrap', wrapped, context),
  };
}

function parseAnswer(answer: string, program: string): Uint8Array {
  try {
    const { data } = JSON.parse(answer) as { data?: unknown };
    if (typeof data === 'string' && data.length > 0) return Buffer.from(data, 'base64');
  } catch {
    // Said below: what it answered may hold a key and is not repeated.
  }
  throw new Fault(`${program} gave no answer that can be read`);
}

function runOnce(program: string, input: string): Promise<string> {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'pipe'], env: childEnvironment() });
  return new Promise((resolve, reject) => {
    let answer = '';
    let complaint = '';
    const late = setTimeout(() => child.kill('SIGKILL'), answerWithinMs);
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      if (answer.length > maxAnswerBytes) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-300);
    });
    child.once('error', (cause) => {
      clearTimeout(late);
      reject(new Fault(`${program} does not start`, { cause }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(late);
      if (code === 0) resolve(answer);
      else reject(new Fault(`${program} ended with ${signal ?? code}: ${complaint.trim()}`, { retry: true }));
    });
    child.stdin.end(input);
  });
}
