/** Gives a player to a component: it lives as long as what it was made from stays the same, and stops unseen. */
import { type RefObject, useEffect, useState } from 'react';

interface Player extends Disposable {
  setVisible(visible: boolean): void;
}

/** `make` is called anew when `key` changes; null makes none. */
export function usePlayer<P extends Player>(
  host: RefObject<HTMLElement | null>,
  key: string | null,
  make: (host: HTMLElement) => P,
): P | null {
  const [player, setPlayer] = useState<P | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for everything that `make` closes over.
  useEffect(() => {
    if (!host.current || key === null || !('MediaSource' in globalThis)) return;
    const element = host.current;
    const made = make(element);
    const stopWatching = watchVisible(element, (visible) => made.setVisible(visible));
    setPlayer(made);
    return () => {
      stopWatching();
      made[Symbol.dispose]();
      setPlayer(null);
    };
  }, [key]);
  return player;
}

/** Seen: the tab is in front, and some of the element is on the screen. */
function watchVisible(element: HTMLElement, tell: (visible: boolean) => void): () => void {
  let onScreen = true;
  const say = () => tell(onScreen && !document.hidden);
  const observer = new IntersectionObserver((entries) => {
    onScreen = entries.at(-1)?.isIntersecting ?? true;
    say();
  });
  observer.observe(element);
  document.addEventListener('visibilitychange', say);
  return () => {
    observer.disconnect();
    document.removeEventListener('visibilitychange', say);
  };
}
