/** What is wrong with storage, or will be, as one sentence. */
import { useCallback } from 'react';
import type { z } from 'zod';
import { awayReasons, fill, type storage } from '../../../src/contract/index.ts';
import { rungNames } from '../../../src/contract/storage.ts';
import { timeParts } from '../time.ts';
import { language, useWords } from '../useWords.ts';
import { storageWords } from '../words/storage.ts';
import { useVolumeName } from './volumeName.ts';

function sayBucket(detail: Warning['detail'], otherwise: string): string {
  const said = awayReasons[String(detail.why)];
  return said ? fill(said[language()], detail) : otherwise;
}

export type Warning = z.output<typeof storage.warning>;

export function useWarningSentence(): (warning: Warning) => string {
  const t = useWords(storageWords);
  const nameOf = useVolumeName();
  return useCallback(
    (warning) => {
      const { kind, detail, due } = warning;
      const volume = nameOf(warning.volume ?? '');
      if (kind === 'volume-away') {
        const key = `away_${detail.why}` as 'away_io';
        const why = key in storageWords.en ? t(key) : sayBucket(detail, t('away_bucket'));
        return t('volumeAway', { volume, why });
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
