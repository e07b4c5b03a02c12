/** A real box for secrets, with a key in a folder of its own that goes with the stack. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSecretBox, type SecretBox } from '../../src/base/index.ts';

export async function testBox(stack: AsyncDisposableStack): Promise<SecretBox> {
  const dir = await mkdtemp(join(tmpdir(), 'custos-box-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  return openSecretBox(dir);
}
