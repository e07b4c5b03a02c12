/** An instant or a span as it is read: date and time with the zone beside it. */
import { timeParts } from '../time.ts';

export function Time({ at, zone }: { at: string | number; zone?: string }) {
  const said = timeParts(at, zone);
  return (
    <time dateTime={new Date(at).toISOString()} className="number nowrap">
      {said.date} {said.time} <span className="soft">{said.zone}</span>
    </time>
  );
}

/** The day and the zone are said once where both ends have the same. */
export function TimeSpan({ from, to, zone }: { from: string; to: string; zone?: string }) {
  const [begins, ends] = [timeParts(from, zone), timeParts(to, zone)];
  const isOneDay = begins.date === ends.date && begins.zone === ends.zone;
  return (
    <span className="number">
      <time dateTime={from} className="nowrap">
        {begins.date} {begins.time}
        {begins.zone !== ends.zone && <span className="soft"> {begins.zone}</span>}
      </time>
      {' – '}
      <time dateTime={to} className="nowrap">
        {!isOneDay && `${ends.date} `}
        {ends.time} <span className="soft">{ends.zone}</span>
      </time>
    </span>
  );
}
