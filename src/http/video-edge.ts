/** What the endpoints of cameras and their video work with, and the shapes that several of them speak in. */
import { rfc3339, type SecretBox } from '../base/index.ts';
import type { Camera, CameraRegister, CameraStates } from '../collect/index.ts';
import type { Views } from '../display/index.ts';
import type { Engine } from '../engine/index.ts';
import type { Subject } from '../gate/index.ts';
import type { Gap, Keeper, Volumes } from '../store/index.ts';
import type { Edge } from './route.ts';

export interface VideoParts {
  readonly box: SecretBox;
  readonly cameras: CameraRegister;
  readonly states: CameraStates;
  readonly engine: Engine;
  readonly keeper: Keeper;
  readonly views: Views;
  readonly volumes: Volumes;
  readonly version: string;
  readonly startedMs: number;
  readonly ffmpeg: { readonly path: string; readonly version: string } | null;
}

export type VideoEdge = Edge & VideoParts;

export const subjectOf = (camera: Camera): Subject => ({
  kind: 'camera',
  id: camera.id,
  name: camera.name,
  siteId: camera.siteId,
  step: camera.step,
});

export const viewAction = (kind: 'live' | 'playback') => `view.${kind}` as const;

export const asGap = (gap: Gap) => ({
  from: rfc3339(Math.round(gap.fromMs)),
  to: rfc3339(Math.round(gap.toMs)),
  cause: gap.cause,
  detail: { ...gap.detail },
  open: gap.open,
});

export const asSpan = (span: { fromMs: number; toMs: number }) => ({
  from: rfc3339(Math.round(span.fromMs)),
  to: rfc3339(Math.round(span.toMs)),
});

export const orNull = (ms: number | null): string | null => (ms === null ? null : rfc3339(ms));
