/** Chooses a day: a month's leaf on which each day shows how much of it is recorded and whether it has gaps. */
import { CalendarOutlined, LeftOutlined, RightOutlined } from '@ant-design/icons';
import { Button, Popover } from 'antd';
import { useState } from 'react';
import { display } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { useWords } from '../useWords.ts';
import { cameraPageWords } from '../words/camera.ts';
import { dayAfter, dayNamed, monthAfter, weeksOf } from './zone.ts';

export const sayShare = (share: number): string => {
  // 99.99 % must never be rounded to "all".
  const percent = Math.floor(share * 1000) / 10;
  return `${percent === 100 || percent === 0 ? percent : percent.toFixed(1)} %`;
};

export function DayPicker({
  cameraId,
  zone,
  day,
  today,
  onDay,
}: {
  cameraId: string;
  zone: string;
  day: string;
  today: string;
  onDay: (day: string) => void;
}) {
  const t = useWords(cameraPageWords);
  const [isOpen, setOpen] = useState(false);
  const choose = (next: string) => {
    setOpen(false);
    onDay(next);
  };
  return (
    <div className="day-picker">
      <Button
        type="text"
        icon={<LeftOutlined />}
        aria-label={t('dayBefore')}
        onClick={() => onDay(dayAfter(day, -1))}
      />
      <Popover
        open={isOpen}
        onOpenChange={setOpen}
        trigger="click"
        destroyOnHidden
        placement="topLeft"
        getPopupContainer={(button) => button.parentElement ?? document.body}
        content={<Leaf cameraId={cameraId} zone={zone} day={day} today={today} onDay={choose} />}
      >
        <Button
          type="text"
          icon={<CalendarOutlined />}
          aria-label={t('chooseDay', { day })}
          aria-expanded={isOpen}
        >
          <span className="number">{day}</span>
        </Button>
      </Popover>
      <Button
        type="text"
        icon={<RightOutlined />}
        aria-label={t('dayAfter')}
        disabled={day >= today}
        onClick={() => onDay(dayAfter(day, 1))}
      />
    </div>
  );
}

function Leaf({
  cameraId,
  zone,
  day,
  today,
  onDay,
}: {
  cameraId: string;
  zone: string;
  day: string;
  today: string;
  onDay: (day: string) => void;
}) {
  const t = useWords(cameraPageWords);
  const [month, setMonth] = useState(day.slice(0, 7));
  const found = useCall(display.calendar, { params: { id: cameraId }, query: { month, timeZone: zone } });
  const byDay = new Map(found.data?.days.map((each) => [each.day, each]));
  return (
    <div className="leaf">
      <div className="leaf-head">
        <Button
          type="text"
          size="small"
          icon={<LeftOutlined />}
          aria-label={t('monthBefore')}
          onClick={() => setMonth(monthAfter(month, -1))}
        />
        <strong className="number">{month}</strong>
        <Button
          type="text"
          size="small"
          icon={<RightOutlined />}
          aria-label={t('monthAfter')}
          disabled={month >= today.slice(0, 7)}
          onClick={() => setMonth(monthAfter(month, 1))}
        />
      </div>
      <div className="leaf-days">
        {t('weekdays')
          .split(' ')
          .map((name) => (
            <span key={name} className="leaf-weekday soft">
              {name}
            </span>
          ))}
        {weeksOf(month).flatMap((week, row) =>
          week.map((each, column) =>
            each === null ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: an empty place has nothing but its place.
              <span key={`${row}-${column}`} />
            ) : (
              <DayButton
                key={each}
                day={each}
                seconds={byDay.get(each)?.seconds ?? 0}
                gaps={byDay.get(each)?.gaps ?? 0}
                awayS={byDay.get(each)?.awaySeconds ?? 0}
                lengthS={lengthOf(each, zone)}
                isChosen={each === day}
                isFuture={each > today}
                onDay={onDay}
              />
            ),
          ),
        )}
      </div>
    </div>
  );
}

function lengthOf(day: string, zone: string): number {
  const { fromMs, toMs } = dayNamed(day, zone);
  return (toMs - fromMs) / 1000;
}

function DayButton({
  day,
  seconds,
  gaps,
  awayS,
  lengthS,
  isChosen,
  isFuture,
  onDay,
}: {
  day: string;
  seconds: number;
  gaps: number;
  awayS: number;
  lengthS: number;
  isChosen: boolean;
  isFuture: boolean;
  onDay: (day: string) => void;
}) {
  const t = useWords(cameraPageWords);
  const share = Math.min(1, seconds / lengthS);
  const word = seconds === 0 ? 'dayNone' : gaps > 0 ? 'dayGaps' : 'dayFull';
  const recorded = t(word, { day, share: sayShare(share), gaps });
  const says = awayS > 0 ? `${recorded}${t('dayAway', { share: sayShare(awayS / lengthS) })}` : recorded;
  return (
    <button
      type="button"
      className={`leaf-day number${isChosen ? ' leaf-chosen' : ''}${seconds === 0 ? ' leaf-none' : ''}`}
      disabled={isFuture}
      aria-pressed={isChosen}
      title={says}
      onClick={() => onDay(day)}
    >
      <span aria-hidden="true">{Number(day.slice(8))}</span>
      <span className="hidden-words">{says}</span>
      <span className="leaf-bar">
        <span
          className={awayS > 0 ? 'leaf-away' : gaps > 0 ? 'leaf-gaps' : ''}
          style={{ width: `${Math.max(seconds > 0 ? 8 : 0, share * 100)}%` }}
        />
      </span>
    </button>
  );
}
