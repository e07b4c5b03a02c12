/** The timeline's window: moved by hand, followed by the playhead, and in the address once it rests. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Stretch, windowAround, zoomed } from './scale.ts';
import { type Zoom, zoomMs, zoomOf } from './TimelineBar.tsx';
import { dayOf } from './zone.ts';

/** After a hand moved the strip the playhead does not pull it back for so long, ms. */
const handMs = 4000;
const restsAfterMs = 400;

export function useWindow(
  url: { readonly at?: string | undefined; readonly w?: number | undefined },
  zone: string,
  keepWidth: (seconds: number | undefined) => void,
) {
  const [window, setWindow] = useState<Stretch>(() => {
    const atMs = url.at === undefined ? Date.now() : Date.parse(url.at);
    if (url.w !== undefined) return windowAround(atMs, url.w * 1000);
    const { fromMs, toMs } = dayOf(atMs, zone);
    return { fromMs, toMs };
  });
  const latest = useRef(window);
  latest.current = window;
  const rests = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const held = useRef(0);
  useEffect(() => () => clearTimeout(rests.current), []);
  const set = (next: Stretch) => {
    held.current = performance.now();
    setWindow(next);
    clearTimeout(rests.current);
    rests.current = setTimeout(() => {
      const seconds = Math.round((next.toMs - next.fromMs) / 1000);
      keepWidth(zoomOf(next) === 'day' ? undefined : seconds);
    }, restsAfterMs);
  };
  const show = (atMs: number) => {
    const now = latest.current;
    if (atMs >= now.fromMs && atMs < now.toMs) return;
    if (zoomOf(now) === 'day') return setWindow(dayOf(atMs, zone));
    setWindow(windowAround(atMs, now.toMs - now.fromMs));
  };
  const follow = useCallback((atMs: number) => {
    const now = latest.current;
    const width = now.toMs - now.fromMs;
    // A hand on the strip is stronger than the playhead.
    if (performance.now() - held.current < handMs) return;
    if (atMs > now.toMs && atMs < now.toMs + width / 2)
      setWindow({ fromMs: atMs - width * 0.1, toMs: atMs + width * 0.9 });
  }, []);
  const scale = () => ({ ...latest.current, widthPx: 1 });
  const middle = () => (latest.current.fromMs + latest.current.toMs) / 2;
  const around = (atMs: number | null) =>
    atMs !== null && atMs >= latest.current.fromMs && atMs <= latest.current.toMs ? atMs : middle();
  return {
    window,
    set,
    show,
    follow,
    zoomBy: (factor: number, atMs: number | null) => set(zoomed(scale(), factor, around(atMs))),
    zoomTo: (zoom: Zoom, atMs: number) =>
      set(
        zoom === 'day'
          ? dayOf(atMs, zone)
          : windowAround(Math.min(atMs, Date.now() - zoomMs[zoom] * 0.4), zoomMs[zoom]),
      ),
  };
}
