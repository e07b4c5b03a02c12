/** The gaps of a day as a table: what the timeline shows in colour, for the eye that reads and for the ear. */

import { sayCause } from '../player/said.ts';
import { saySpan, timeParts } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { cameraPageWords } from '../words/camera.ts';
import { keepingWords } from '../words/keeping.ts';
import { gapKindOf, gapKinds } from './causes.ts';
import { sayShare } from './DayPicker.tsx';
import { type Gap, gapsOf, type Kept, keptOf, useDay } from './useTimeline.ts';
import type { Day } from './zone.ts';

/** A day of a camera that comes and goes has thousands; nobody reads them. */
const mostRows = 200;
/** To see what led to a gap, one looks at the seconds before it. */
const leadMs = 5000;

export function GapList({
  cameraId,
  day,
  zone,
  nowMs,
  onSeek,
}: {
  cameraId: string;
  day: Day;
  zone: string;
  nowMs: number;
  onSeek: (ms: number) => void;
}) {
  const t = useWords(cameraPageWords);
  const found = useDay(cameraId, day, day.toMs > nowMs);
  const gaps = found.data ? gapsOf(found.data) : [];
  const kept = found.data ? keptOf([found.data]) : [];
  const hasFootage = (found.data?.spans.length ?? 0) > 0;
  return (
    <section className="side-panel" aria-labelledby="gap-list">
      <div className="side-head">
        <h2 id="gap-list">{t('gapList', { day: day.day })}</h2>
        {found.data && (hasFootage || gaps.length > 0) && (
          <span className="soft number" title={t('coverageSays')}>
            {sayShare(found.data.coverage)}
          </span>
        )}
      </div>
      {found.data && gaps.length === 0 && <p className="soft">{hasFootage ? t('noGaps') : t('noFootage')}</p>}
      {gaps.length > 0 && (
        <table className="gap-table">
          <thead className="hidden-words">
            <tr>
              <th>{t('gapFrom')}</th>
              <th>{t('gapLasts')}</th>
              <th>{t('gapCause')}</th>
            </tr>
          </thead>
          <tbody>
            {gaps.slice(0, mostRows).map((gap) => (
              <GapRow key={gap.fromMs} gap={gap} zone={zone} onSeek={onSeek} />
            ))}
          </tbody>
        </table>
      )}
      {gaps.length > mostRows && <p className="soft">{t('moreGaps', { count: gaps.length - mostRows })}</p>}
      {(gaps.length > 0 || kept.length > 0) && (
        <Legend kept={kept} gaps={gaps} hasSmall={(found.data?.small.length ?? 0) > 0} />
      )}
    </section>
  );
}

function GapRow({ gap, zone, onSeek }: { gap: Gap; zone: string; onSeek: (ms: number) => void }) {
  const t = useWords(cameraPageWords);
  const lang = useLanguage();
  const from = timeParts(gap.fromMs, zone);
  const before = timeParts(gap.fromMs - leadMs, zone).time;
  return (
    <tr>
      <td className="number">
        <button
          type="button"
          className="gap-go"
          onClick={() => onSeek(gap.fromMs - leadMs)}
          title={t('gapGo', { time: before })}
        >
          {from.time}
          <span className="hidden-words"> {t('gapGo', { time: before })}</span>
        </button>
      </td>
      <td className="number gap-lasts">{gap.isOpen ? t('gapOpen') : saySpan(gap.toMs - gap.fromMs, lang)}</td>
      <td className={`gap-cause gap-${gapKindOf(gap.cause)}`}>{sayCause(gap.cause, gap.detail)}</td>
    </tr>
  );
}

/** What the colours and hatches of the strip mean. */
function Legend({
  kept,
  gaps,
  hasSmall,
}: {
  kept: readonly Kept[];
  gaps: readonly Gap[];
  hasSmall: boolean;
}) {
  const t = useWords(cameraPageWords);
  const k = useWords(keepingWords);
  // Seldom there, and then it must be understood.
  const isAway = gaps.some(({ cause }) => gapKindOf(cause) === 'away');
  const kinds = gapKinds.filter((kind) => kind !== 'away' || isAway);
  return (
    <ul className="legend">
      <li>
        <span className="legend-mark legend-span" aria-hidden="true" />
        {t('recorded')}
      </li>
      {hasSmall && (
        <li>
          <span className="legend-mark legend-small" aria-hidden="true" />
          {t('small')}
        </li>
      )}
      {kinds.map((kind) => (
        <li key={kind}>
          <span className={`legend-mark legend-${kind}`} aria-hidden="true" />
          {t(`kind_${kind}`)}
        </li>
      ))}
      {kept.some(({ kind }) => kind === 'hold') && (
        <li>
          <span className="legend-mark legend-hold" aria-hidden="true" />
          {k('onTimeline')}
        </li>
      )}
      {kept.some(({ kind }) => kind !== 'hold') && (
        <li>
          <span className="legend-mark legend-marked" aria-hidden="true" />
          {k('markedOnTimeline')}
        </li>
      )}
    </ul>
  );
}
