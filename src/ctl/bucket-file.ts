/** How a bucket is reached, from a file: for whoever has lost the database and with it what the console was told. */
import { readFile, stat } from 'node:fs/promises';
import { Fault } from '../base/index.ts';
import type { FoundBucket } from '../store/index.ts';

const maxFileBytes = 256 * 1024;
const texts = ['endpoint', 'bucket', 'accessKeyId', 'secretKey'] as const;

/** JSON: endpoint, bucket, accessKeyId, secretKey; and where they are needed region, prefix, style, ca, name, id. */
export async function readBucketFile(path: string): Promise<FoundBucket> {
  const { size, mode } = await stat(path).catch((cause: unknown) => {
    throw new Fault(`there is no file ${path}`, { cause });
  });
  if (size > maxFileBytes) throw new Fault(`${path} is too large for what it should be`);
  // It holds a secret.
  if ((mode & 0o077) !== 0) throw new Fault(`others may read ${path}: chmod 600 it first`);
  const given = await parsed(path);
  for (const name of texts)
    if (typeof given[name] !== 'string' || given[name] === '')
      throw new Fault(`${path} does not say "${name}"`);
  const text = (name: string, otherwise: string) =>
    typeof given[name] === 'string' ? (given[name] as string) : otherwise;
  const bucket = text('bucket', '');
  const id = text('id', '');
  if (id !== '' && !/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw new Fault(`${path}: "id" is none`);
  return {
    ...{ endpoint: text('endpoint', ''), bucket, accessKeyId: text('accessKeyId', '') },
    ...{ secretKey: text('secretKey', ''), region: text('region', 'us-east-1'), prefix: text('prefix', '') },
    ...{ style: given.style === 'host' ? 'host' : 'path', ca: text('ca', '') || null },
    ...{ name: text('name', bucket), id: id || null },
  };
}

async function parsed(path: string): Promise<Record<string, unknown>> {
  try {
    const given: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof given === 'object' && given !== null && !Array.isArray(given))
      return given as Record<string, unknown>;
  } catch (error) {
    // What stands in it is not repeated: it holds a secret.
    throw new Fault(`${path} cannot be read as JSON`, {
      cause: error instanceof SyntaxError ? undefined : error,
    });
  }
  throw new Fault(`${path} holds something else than how a bucket is reached`);
}
