/** Why nothing can be read from a volume now: of a bucket, or of a folder. */
import { bucketProblems } from './bucket-problems.ts';
import type { Said } from './said.ts';

/** `{…}` is filled from the gap's detail. */
export const awayReasons: Readonly<Record<string, Said>> = {
  ...bucketProblems,
  missing: { en: 'The folder is not there. Is the disk mounted?', zh: '目录不存在，磁盘是否已挂载？' },
  unmarked: {
    en: 'The folder is not this volume: the disk is not mounted, or its marker was lost.',
    zh: '该目录不是此存储卷：磁盘未挂载，或标记文件丢失。',
  },
  foreign: {
    en: 'Another volume or another installation lies there.',
    zh: '该处为其他存储卷或其他系统的数据。',
  },
  stuck: { en: 'The disk does not answer any more.', zh: '磁盘已无应答。' },
};
