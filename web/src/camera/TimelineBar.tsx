/** Above the strip: the day and the zoom. */
import { MinusOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Segmented } from 'antd';
import { useWords } from '../useWords.ts';
import { cameraPageWords } from '../words/camera.ts';
import { DayPicker } from './DayPicker.tsx';
import { day, hour, minute, type Stretch } from './scale.ts';

export const zooms = ['day', 'hour', 'minute'] as const;
export type Zoom = (typeof zooms)[number];

/** How wide each is; a day is as long as it really is, and is set by its midnights. */
export const zoomMs: Readonly<Record<Zoom, number>> = { day, hour, minute: 5 * minute };

export function zoomOf(window: Stretch): Zoom | null {
  const width = window.toMs - window.fromMs;
  if (Math.abs(width - day) <= hour) return 'day';
  return zooms.find((zoom) => Math.abs(width - zoomMs[zoom]) < zoomMs[zoom] * 0.02) ?? null;
}

export function TimelineBar({
  cameraId,
  zone,
  window,
  shownDay,
  today,
  onDay,
  onZoom,
  onZoomBy,
}: {
  cameraId: string;
  zone: string;
  window: Stretch;
  shownDay: string;
  today: string;
  onDay: (day: string) => void;
  onZoom: (zoom: Zoom) => void;
  onZoomBy: (factor: number) => void;
}) {
  const t = useWords(cameraPageWords);
  return (
    <div className="timeline-bar">
      <DayPicker cameraId={cameraId} zone={zone} day={shownDay} today={today} onDay={onDay} />
      <span className="wall-space" />
      <div className="timeline-zoom">
        <Button type="text" icon={<MinusOutlined />} aria-label={t('zoomOut')} onClick={() => onZoomBy(2)} />
        <Segmented<Zoom | ''>
          aria-label={t('zoom')}
          value={zoomOf(window) ?? ''}
          onChange={(zoom) => zoom && onZoom(zoom)}
          options={zooms.map((zoom) => ({ value: zoom, label: t(`zoom_${zoom}`) }))}
        />
        <Button type="text" icon={<PlusOutlined />} aria-label={t('zoomIn')} onClick={() => onZoomBy(0.5)} />
      </div>
    </div>
  );
}
