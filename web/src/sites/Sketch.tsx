/**
 * A plan in metres, drawn from the register alone: no map service sees where a camera stands. North is up; what it
 * shows is said in words beside it, so the picture adds nothing that a reader by ear would miss.
 */
import { flatten, type Point } from '../../../src/law/index.ts';
import { useWords } from '../useWords.ts';
import { placeWords } from '../words/places.ts';

export interface Drawn {
  readonly id: string;
  readonly kind: 'area' | 'window' | 'door' | 'private-area' | 'neighbour' | 'key' | 'seen';
  readonly outline: readonly Point[];
  readonly label: string;
}
export interface DrawnView {
  readonly id: string;
  readonly label: string;
  readonly at: Point;
  readonly azimuthDeg: number;
  readonly angleDeg: number;
  readonly rangeM: number;
  readonly tone?: 'new' | 'warn' | undefined;
}

const sizePx = 480;
/** Of more cameras only those that need a look are named in the picture; the others say their name when pointed at. */
const mostNamed = 15;
const marginPx = 28;
const rad = Math.PI / 180;

interface Frame {
  readonly x: (point: Point) => number;
  readonly y: (point: Point) => number;
  readonly pxAM: number;
  readonly at: (x: number, y: number) => Point;
}

/** Everything, with a margin; a single point gets 20 m around it. */
function frameOf(points: readonly Point[]): Frame | null {
  const [origin] = points;
  if (!origin) return null;
  const flat = points.map((point) => flatten(point, origin));
  const [xs, ys] = [flat.map(({ x }) => x), flat.map(({ y }) => y)];
  const [left, right, bottom, top] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const spanM = Math.max(right - left, top - bottom, 20);
  const pxAM = (sizePx - 2 * marginPx) / spanM;
  const [midX, midY] = [(left + right) / 2, (bottom + top) / 2];
  const degM = 111_194.93;
  return {
    pxAM,
    x: (point) => sizePx / 2 + (flatten(point, origin).x - midX) * pxAM,
    y: (point) => sizePx / 2 - (flatten(point, origin).y - midY) * pxAM,
    at: (x, y) => ({
      lat: Number((origin.lat + ((sizePx / 2 - y) / pxAM + midY) / degM).toFixed(7)),
      lon: Number(
        (origin.lon + ((x - sizePx / 2) / pxAM + midX) / (degM * Math.cos(origin.lat * rad))).toFixed(7),
      ),
    }),
  };
}

/** The far ends of a view count as well: what it may see belongs on the sheet. */
const reach = ({ at, rangeM }: DrawnView): Point[] => {
  const dLat = rangeM / 111_194.93;
  const dLon = dLat / Math.cos(at.lat * rad);
  return [
    { lat: at.lat - dLat, lon: at.lon - dLon },
    { lat: at.lat + dLat, lon: at.lon + dLon },
  ];
};

export function Sketch({
  label,
  drawn,
  views,
  pick,
}: {
  label: string;
  drawn: readonly Drawn[];
  views: readonly DrawnView[];
  /** A click says a place; the same can be typed. */
  pick?: ((at: Point) => void) | undefined;
}) {
  const t = useWords(placeWords);
  const frame = frameOf([
    ...drawn.flatMap(({ outline }) => outline),
    ...views.flatMap((view) => [view.at, ...reach(view)]),
  ]);
  if (!frame) return <p className="soft">{t('nothingDrawn')}</p>;
  const click = (event: React.MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const scale = sizePx / box.width;
    pick?.(frame.at((event.clientX - box.left) * scale, (event.clientY - box.top) * scale));
  };
  return (
    <svg
      className={pick ? 'sketch sketch-picking' : 'sketch'}
      viewBox={`0 0 ${sizePx} ${sizePx}`}
      role="img"
      aria-label={label}
      {...(pick ? { onClick: click } : {})}
    >
      <title>{label}</title>
      {views.map((view) => (
        <ViewShape
          key={view.id}
          view={view}
          frame={frame}
          isNamed={views.length <= mostNamed || view.tone !== undefined}
        />
      ))}
      {drawn.map((each) => (
        <Shape key={`${each.kind} ${each.id}`} each={each} frame={frame} />
      ))}
      <Scale pxAM={frame.pxAM} say={(count) => t('metres', { count })} />
      <g className="sketch-north" transform={`translate(${sizePx - 18} 26)`}>
        <path d="M0 -14 L5 4 L0 0 L-5 4 Z" />
        <text y="18" textAnchor="middle">
          {t('north')}
        </text>
      </g>
    </svg>
  );
}

function Shape({ each: { kind, outline, label }, frame }: { each: Drawn; frame: Frame }) {
  const [first] = outline;
  if (!first) return null;
  const points = outline
    .map((point) => `${frame.x(point).toFixed(1)},${frame.y(point).toFixed(1)}`)
    .join(' ');
  return (
    <g className={`sketch-${kind}`}>
      {outline.length > 2 ? (
        <polygon points={points} />
      ) : outline.length === 2 ? (
        <polyline points={points} />
      ) : (
        <circle cx={frame.x(first)} cy={frame.y(first)} r={kind === 'key' || kind === 'seen' ? 5 : 7} />
      )}
      {kind !== 'area' && (
        <text x={frame.x(first) + 8} y={frame.y(first) - 6}>
          {label}
        </text>
      )}
    </g>
  );
}

function ViewShape({ view, frame, isNamed }: { view: DrawnView; frame: Frame; isNamed: boolean }) {
  const [cx, cy, r] = [frame.x(view.at), frame.y(view.at), view.rangeM * frame.pxAM];
  const to = (deg: number) =>
    `${(cx + Math.sin(deg * rad) * r).toFixed(1)} ${(cy - Math.cos(deg * rad) * r).toFixed(1)}`;
  const [from, until] = [view.azimuthDeg - view.angleDeg / 2, view.azimuthDeg + view.angleDeg / 2];
  const large = view.angleDeg > 180 ? 1 : 0;
  return (
    <g className={`sketch-view${view.tone ? ` sketch-view-${view.tone}` : ''}`}>
      {view.angleDeg >= 360 ? (
        <circle className="sketch-seen-area" cx={cx} cy={cy} r={r} />
      ) : (
        <path
          className="sketch-seen-area"
          d={`M${cx} ${cy} L${to(from)} A${r} ${r} 0 ${large} 1 ${to(until)} Z`}
        />
      )}
      <circle className="sketch-camera" cx={cx} cy={cy} r={4} />
      <title>{view.label}</title>
      {isNamed && (
        <text x={cx + 7} y={cy + 4}>
          {view.label}
        </text>
      )}
    </g>
  );
}

/** A round number of metres that is about a quarter of the sheet. */
function Scale({ pxAM, say }: { pxAM: number; say: (count: number) => string }) {
  const wanted = sizePx / 4 / pxAM;
  const ten = 10 ** Math.floor(Math.log10(wanted));
  const metres = [5, 2, 1].map((n) => n * ten).find((n) => n <= wanted) ?? ten;
  const long = metres * pxAM;
  return (
    <g className="sketch-scale" transform={`translate(14 ${sizePx - 14})`}>
      <path d={`M0 -5 V0 H${long.toFixed(1)} V-5`} />
      <text x={long / 2} y="-6" textAnchor="middle">
        {say(metres)}
      </text>
    </g>
  );
}
