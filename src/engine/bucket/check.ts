/** Tries a bucket as it will be used: list, write, read back, delete; and what it can do besides. */
import { newSecret } from '../../base/index.ts';
import {
  type BucketFeatures,
  deleteObject,
  featuresOf,
  listObjects,
  putObject,
  readRange,
} from './objects.ts';
import { BucketFault } from './problem.ts';
import type { Wire } from './wire.ts';

export async function checkBucket(wire: Wire): Promise<BucketFeatures> {
  const features = await featuresOf(wire, 1);
  for await (const _ of listObjects(wire)) break;
  // Not below a camera's name, so that no survey takes it for footage.
  const path = `custos-test/${newSecret(9)}`;
  const body = Buffer.from(newSecret(32));
  await putObject(wire, path, body);
  const back = await readRange(wire, path, { from: 0, to: body.length });
  if (!body.equals(back)) throw new BucketFault('digest');
  await deleteObject(wire, path).catch((error: unknown) => {
    // A bucket that locks everything by default keeps the test's object too; that is what it is for.
    if (!(error instanceof BucketFault && error.problem.code === 'locked')) throw error;
  });
  return features;
}
