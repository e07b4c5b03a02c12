/** What the server says of volumes and buckets, as the pages of storage read it. */
import type { z } from 'zod';
import type { buckets, storage } from '../../../src/contract/index.ts';
import type { ReplyOf } from '../api.ts';

export type Storage = ReplyOf<typeof storage.overview>;
export type Volume = Storage['volumes'][number];
export type CameraRow = Storage['cameras'][number];
export type Bucket = z.output<typeof buckets.bucket>;
