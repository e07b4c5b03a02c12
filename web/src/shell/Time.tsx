/** An instant as it is read: date and time with the zone beside it. */
import { timeParts } from '../time.ts';

export function Time({ at, zone }: { at: string | number; zone?: string }) {
  const said = timeParts(at, zone);
  return (
    <time dateTime={new Date(at).toISOString()} className="number nowrap">
      {said.date} {said.time} <span className="soft">{said.zone}</span>
    </time>
  );
}
