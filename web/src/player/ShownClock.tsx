/** The local time of the picture that is shown, in its site's zone; written without drawing the page anew. */
import { useEffect, useRef } from 'react';
import { timeParts } from '../time.ts';
import { onPulse } from './time.ts';

export function ShownClock({
  read,
  timeZone,
  withDate,
}: {
  read: () => number | null;
  timeZone: string | undefined;
  withDate?: boolean;
}) {
  const place = useRef<HTMLTimeElement>(null);
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    let shown = '';
    return onPulse(() => {
      const wallMs = latest.current();
      const at = wallMs === null ? null : timeParts(wallMs, timeZone);
      const text = at ? `${withDate ? `${at.date} ` : ''}${at.time} ${at.zone}` : '';
      if (text === shown || !place.current) return;
      shown = text;
      place.current.textContent = text;
      place.current.dateTime = wallMs === null ? '' : new Date(wallMs).toISOString();
    });
  }, [timeZone, withDate]);
  return <time ref={place} className="shown-clock number" />;
}
