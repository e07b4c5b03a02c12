/** Keys of a page that work wherever the focus is, but never take a key from a field, a dialog or a menu. */
import { useEffect, useRef } from 'react';

export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const takesKeys =
  'input, textarea, select, [contenteditable], [role="dialog"], [role="listbox"], [role="menu"]';
/** On these a space or Enter already does something. */
const isPressed = 'button, a, [role="button"]';

/** Named as `event.key` says, in small letters; with `shift+` where it matters. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest(takesKeys)) return;
      if (event.key === ' ' && target?.closest(isPressed)) return;
      const name = event.key.toLowerCase();
      const run = latest.current[event.shiftKey ? `shift+${name}` : name] ?? latest.current[name];
      if (!run) return;
      event.preventDefault();
      run(event);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
