/**
 * The wall: live pictures of the cameras a person may watch, laid out and ordered by the address. One view a visible
 * tile; a tile that is scrolled away or behind another tab gives its view back.
 */
import { LeftOutlined, QuestionCircleOutlined, RightOutlined } from '@ant-design/icons';
import { Link, useNavigate } from '@tanstack/react-router';
import { Button, Segmented, Select, Tooltip } from 'antd';
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import { z } from 'zod';
import { collect } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { PurposeDialog, usePurpose } from '../player/purpose.tsx';
import { ShiftButton } from '../registers/ShiftButton.tsx';
import { useMay } from '../session.ts';
import { usePageTitle } from '../shell/Page.tsx';
import { Empty, Loaded } from '../shell/states.tsx';
import { useUrlState } from '../urlState.ts';
import { useWords } from '../useWords.ts';
import { wallWords } from '../words/wall.ts';
import { type Box, columnsFor, inOrder, type Layout, layouts, moved, neighbour, tilesOf } from './layout.ts';
import { Tile } from './Tile.tsx';

const urlState = z.object({
  grid: z.enum(layouts).catch('auto'),
  order: z.string().max(4000).catch(''),
  site: z.string().max(60).catch(''),
  page: z.coerce.number().int().min(1).catch(1),
});

type Camera = z.output<typeof collect.camera>;

export function WallPage() {
  const t = useWords(wallWords);
  usePageTitle(t('title'));
  const found = useCall(collect.cameras, {}, { refetchInterval: 60_000 });
  return (
    <div className="wall">
      <h1 className="hidden-words">{t('title')}</h1>
      <Loaded of={found}>{({ items }) => <Wall cameras={items} />}</Loaded>
    </div>
  );
}

function Wall({ cameras }: { cameras: readonly Camera[] }) {
  const t = useWords(wallWords);
  const [url, change] = useUrlState(urlState);
  const sites = useCall(collect.sites, {});
  const purpose = usePurpose('live', '');
  const [asks, setAsks] = useState(purpose.said === null);
  const zones = useMemo(
    () => new Map(sites.data?.items.map((site) => [site.id, site.timeZone])),
    [sites.data],
  );
  const chosen = inOrder(
    cameras.filter((camera) => !url.site || camera.siteId === url.site),
    url.order,
  );
  const perPage = tilesOf(url.grid);
  const pages = Math.max(1, Math.ceil(chosen.length / perPage));
  const page = Math.min(url.page, pages);
  const from = (page - 1) * perPage;
  const shown = chosen.slice(from, from + perPage);
  const reorder = (at: number, to: number) =>
    change({
      order: moved(
        chosen.map((each) => each.id),
        from + at,
        from + to,
      ),
    });
  return (
    <>
      <div className="wall-bar">
        <Segmented<Layout>
          aria-label={t('layout')}
          value={url.grid}
          onChange={(grid) => change({ grid: grid === 'auto' ? undefined : grid, page: undefined })}
          options={layouts.map((value) => ({ value, label: value === 'auto' ? t('auto') : value }))}
        />
        {(sites.data?.items.length ?? 0) > 1 && (
          <Select
            aria-label={t('site')}
            value={url.site}
            onChange={(site) => change({ site: site || undefined, page: undefined })}
            options={[
              { value: '', label: t('allSites') },
              ...(sites.data?.items ?? []).map((site) => ({ value: site.id, label: site.name })),
            ]}
            popupMatchSelectWidth={false}
            className="wall-site"
          />
        )}
        {url.order && (
          <Button type="text" onClick={() => change({ order: undefined })}>
            {t('registerOrder')}
          </Button>
        )}
        <span className="wall-space" />
        <ShiftButton />
        {pages > 1 && (
          <Pager
            from={from}
            to={from + shown.length}
            count={chosen.length}
            onBefore={page > 1 ? () => change({ page: page - 1 === 1 ? undefined : page - 1 }) : null}
            onAfter={page < pages ? () => change({ page: page + 1 }) : null}
          />
        )}
        <Tooltip title={t('moveHint')} trigger={['hover', 'focus', 'click']} placement="bottomRight">
          <Button
            type="text"
            className="wall-help"
            icon={<QuestionCircleOutlined />}
            aria-label={t('help')}
          />
        </Tooltip>
      </div>
      {purpose.said === null && !asks && cameras.length > 0 && (
        <div className="wall-notice">
          {t('notAsked')}
          <Button size="small" type="primary" onClick={() => setAsks(true)}>
            {t('ask')}
          </Button>
        </div>
      )}
      {shown.length === 0 ? (
        <NoCameras atSite={cameras.length > 0} />
      ) : (
        <Grid cameras={shown} layout={url.grid} zones={zones} purpose={purpose.said} onMove={reorder} />
      )}
      {asks && cameras.length > 0 && (
        <PurposeDialog
          kind="live"
          onSay={(said) => {
            purpose.say(said);
            setAsks(false);
          }}
          onCancel={() => setAsks(false)}
        />
      )}
    </>
  );
}

function NoCameras({ atSite }: { atSite: boolean }) {
  const t = useWords(wallWords);
  const may = useMay();
  if (atSite) return <Empty title={t('noneHere')} />;
  return (
    <Empty title={t('noCameras')}>
      {t('noCamerasSays')} {may('camera.configure') && <Link to="/cameras/new">{t('addCamera')}</Link>}
    </Empty>
  );
}

function Pager({
  from,
  to,
  count,
  onBefore,
  onAfter,
}: {
  from: number;
  to: number;
  count: number;
  onBefore: (() => void) | null;
  onAfter: (() => void) | null;
}) {
  const t = useWords(wallWords);
  return (
    <div className="wall-pager">
      <Button
        type="text"
        icon={<LeftOutlined />}
        aria-label={t('pageBefore')}
        disabled={!onBefore}
        onClick={() => onBefore?.()}
      />
      <span className="number">{t('pages', { from: from + 1, to, count })}</span>
      <Button
        type="text"
        icon={<RightOutlined />}
        aria-label={t('pageAfter')}
        disabled={!onAfter}
        onClick={() => onAfter?.()}
      />
    </div>
  );
}

function Grid({
  cameras,
  layout,
  zones,
  purpose,
  onMove,
}: {
  cameras: readonly Camera[];
  layout: Layout;
  zones: ReadonlyMap<string, string>;
  purpose: string | null;
  onMove: (from: number, to: number) => void;
}) {
  const t = useWords(wallWords);
  const navigate = useNavigate();
  const list = useRef<HTMLUListElement>(null);
  const box = useBox(list);
  const [dragged, setDragged] = useState<number | null>(null);
  const columns = columnsFor(layout, cameras.length, box);
  const focus = (index: number) => linkOf(list.current, index)?.focus();
  const onKey = (event: KeyboardEvent) => {
    const at = cameras.findIndex((_, index) => tileOf(list.current, index)?.contains(document.activeElement));
    if (at < 0 || event.ctrlKey || event.metaKey) return;
    if (event.key.startsWith('Arrow')) {
      const to = neighbour(at, event.key, columns, cameras.length);
      event.preventDefault();
      if (event.altKey && to !== at) onMove(at, to);
      requestAnimationFrame(() => focus(to));
    } else if (event.key === 'f' || event.key === 'F') {
      toggleFullScreen(tileOf(list.current, at));
    }
  };
  const isScrolled = columns === 1 && cameras.length > 1;
  return (
    <ul
      ref={list}
      className={isScrolled ? 'wall-grid wall-column' : 'wall-grid'}
      aria-label={t('tiles')}
      onKeyDown={onKey}
      style={{
        gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
        ...(isScrolled
          ? {}
          : { gridTemplateRows: `repeat(${rowsOf(layout, cameras.length, columns)}, minmax(0, 1fr))` }),
      }}
    >
      {cameras.map((camera, index) => (
        <Tile
          key={camera.id}
          camera={camera}
          timeZone={zones.get(camera.siteId)}
          stream={cameras.length === 1 ? 'auto' : 'sub'}
          purpose={purpose}
          onOpen={() => void navigate({ to: '/cameras/$id', params: { id: camera.id } })}
          onFullScreen={() => toggleFullScreen(tileOf(list.current, index))}
          isDragged={dragged === index}
          onDrag={(isOn) => setDragged(isOn ? index : null)}
          onDrop={() => {
            if (dragged !== null) onMove(dragged, index);
            setDragged(null);
          }}
        />
      ))}
    </ul>
  );
}

/** A fixed layout keeps its shape when there are fewer cameras than places. */
const rowsOf = (layout: Layout, count: number, columns: number) =>
  layout === 'auto' ? Math.ceil(count / columns) : columns;

const tileOf = (list: HTMLElement | null, index: number) =>
  (list?.children[index] as HTMLElement | undefined) ?? null;
const linkOf = (list: HTMLElement | null, index: number) =>
  tileOf(list, index)?.querySelector<HTMLElement>('a.tile-link') ?? null;

function toggleFullScreen(element: HTMLElement | null): void {
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  else void element?.requestFullscreen?.().catch(() => undefined);
}

function useBox(element: RefObject<HTMLElement | null>): Box {
  const [box, setBox] = useState<Box>({ width: window.innerWidth, height: window.innerHeight });
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => {
      const rect = entry?.contentRect;
      if (rect) setBox({ width: rect.width, height: rect.height });
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return box;
}
