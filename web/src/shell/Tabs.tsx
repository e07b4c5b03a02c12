/** Tabs that are links: each is an address of its own. */
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

export function Tabs<V extends string>({
  label,
  to,
  tabs,
  shown,
}: {
  label: string;
  to: '/cameras' | '/keeping' | '/filing' | '/desk' | '/permissions' | '/registers';
  /** The first is shown where the address names none. */
  tabs: readonly { readonly value: V; readonly label: string }[];
  shown: V;
}) {
  const list = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a telephone the new tab may lie outside.
  useEffect(() => {
    const element = list.current;
    const tab = element?.querySelector<HTMLElement>('[aria-current]');
    if (element && tab) element.scrollLeft = tab.offsetLeft - (element.clientWidth - tab.offsetWidth) / 2;
  }, [shown]);
  return (
    <nav className="tabs" aria-label={label} ref={list}>
      {tabs.map(({ value, label }, i) => (
        <Link
          key={value}
          to={to}
          search={i === 0 ? {} : { show: value }}
          className="tab"
          // Else every search that has more than its own counts as this tab's.
          activeOptions={{ exact: true, includeSearch: true }}
          {...(shown === value ? { 'aria-current': 'page' as const } : {})}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
