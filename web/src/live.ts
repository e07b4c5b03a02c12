/**
 * Keeps what the console shows of cameras current: one EventSource feeds the query cache. When the line breaks the
 * console says so and since when, and asks for everything anew when it is back.
 */
import type { QueryClient } from '@tanstack/react-query';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import type { z } from 'zod';
import { collect, display } from '../../src/contract/index.ts';

type Camera = z.output<typeof collect.camera>;
type CameraList = z.output<typeof collect.cameras.reply>;

export interface Link {
  /** False from the first failed try to reconnect. */
  readonly up: boolean;
  /** When the last event or opening was, by this computer's clock. */
  readonly heardAtMs: number | null;
  readonly engineUp: boolean;
}

let link: Link = { up: true, heardAtMs: null, engineUp: true };
const watchers = new Set<() => void>();

function setLink(change: Partial<Link>): void {
  link = { ...link, ...change };
  for (const each of watchers) each();
}

function watch(changed: () => void): () => void {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

export function useLink(): Link {
  return useSyncExternalStore(watch, () => link);
}

/** Mounted once, in the shell. */
/** `on`: whether this person may hear of cameras at all; who may not has no line that could be lost. */
export function useLiveEvents(on: boolean): void {
  const client = useQueryClient();
  useEffect(() => (on ? openEvents(client) : undefined), [client, on]);
}

/** EventSource gives up on an error status; we do not. */
const reopenAfterMs = 5000;

function openEvents(client: QueryClient): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let broken = false;
  const open = () => {
    source = new EventSource('/api/events');
    source.onopen = () => {
      setLink({ up: true, heardAtMs: Date.now() });
      if (broken) void client.invalidateQueries();
      broken = false;
    };
    source.onmessage = (message: MessageEvent<string>) => hear(client, message.data);
    source.onerror = () => {
      broken = true;
      setLink({ up: false });
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, reopenAfterMs);
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}

function hear(client: QueryClient, data: string): void {
  const parsed = display.event.safeParse(JSON.parse(data));
  setLink({ up: true, heardAtMs: Date.now() });
  if (!parsed.success) return;
  const event = parsed.data;
  if (event.kind === 'camera') keepCamera(client, event.camera);
  else if (event.kind === 'camera-gone') dropCamera(client, event.id);
  else if (event.kind === 'engine') setLink({ engineUp: event.up });
  else
    void client.invalidateQueries({ queryKey: [display.timeline.path, { params: { id: event.cameraId } }] });
}

function keepCamera(client: QueryClient, next: Camera): void {
  // What is broadcast is the camera's state; what this person may do with it came with the person's own reply.
  const withOwn = (old: Camera | undefined): Camera => (old ? { ...next, can: old.can } : next);
  client.setQueriesData<Camera>(
    { queryKey: [collect.cameraById.path, { params: { id: next.id } }] },
    (old) => (old ? withOwn(old) : old),
  );
  let isNew = false;
  client.setQueriesData<CameraList>({ queryKey: [collect.cameras.path] }, (old) => {
    if (!old) return old;
    if (!old.items.some((each) => each.id === next.id)) isNew = true;
    return { ...old, items: old.items.map((each) => (each.id === next.id ? withOwn(each) : each)) };
  });
  if (isNew) void client.invalidateQueries({ queryKey: [collect.cameras.path] });
}

function dropCamera(client: QueryClient, id: string): void {
  client.setQueriesData<CameraList>(
    { queryKey: [collect.cameras.path] },
    (old) => old && { ...old, items: old.items.filter((each) => each.id !== id) },
  );
}
