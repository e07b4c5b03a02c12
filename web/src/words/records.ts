/** Words of what stands on record, and of the files behind it. */
import { words } from './words.ts';

export const recordWords = words('records', {
  en: {
    title: 'On record',
    by: '{day}, by {by}',
    addFile: 'Add the picture or the PDF behind it',
    tooLarge: 'At most 6 MiB.',
    unreadable: 'The file could not be read. Choose it again.',
  },
  zh: {
    title: '已登记材料',
    by: '{day}，登记人 {by}',
    addFile: '附上图片或 PDF',
    tooLarge: '不超过 6 MiB。',
    unreadable: '无法读取该文件，请重新选择。',
  },
});
