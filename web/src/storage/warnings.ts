/** What is wrong with storage, or will be, as one sentence. */
import { useCallback } from 'react';
import type { z } from 'zod';
import type { storage } from '../../../src/contract/index.ts';
import { rungNames } from '../../../src/contract/storage.ts';
import { timeParts } from '../time.ts';
import { useWords } from '../useWords.ts';
import { storageWords } from '../words/storage.ts';
import { useVolumeName } from './volumeName.ts';

export type Warning = z.output<typeof storage.warning>;

export function useWarningSentence(): (warning: Warning) => string {
  const t = useWords(storageWords);
  const nameOf = useVolumeName();
  return useCallback(
    (warning) => {
      const { kind, detail, due } = warning;
      const volume = nameOf(warning.volume ?? '');
      if (kind === 'volume-away') {
        // What is wrong with a bucket stands beside it, with its values.
        const key = `away_${detail.why}` as 'away_io';
        return t('volumeAway', { volume, why: key in storageWords.en ? t(key) : t('away_bucket') });
      }
      if (kind === 'volume-full')
        return t('volumeFull', { volume, rung: t(`rung_${rungNames[Number(detail.rung)] ?? 'spill'}`) });
      const camera = warning.camera ?? '';
      const day = due === null ? '' : timeParts(due).date;
      return detail.floorDays === undefined
        ? t('fullSays', { camera, day })
        : t('fallsSays', { camera, day, days: detail.floorDays });
    },
    [t, nameOf],
  );
}
