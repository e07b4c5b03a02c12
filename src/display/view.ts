/** A view: one live or playback session of one person, as it is held while it is open. */
import type { Camera } from '../collect/index.ts';
import type { FilePlan } from '../engine/index.ts';
import type { Subject, Who } from '../gate/index.ts';

export interface View {
  readonly id: string;
  readonly camera: Camera;
  readonly who: Who;
  readonly kind: 'live' | 'playback';
  readonly stream: 'main' | 'sub';
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly purpose: string;
  readonly forWhom: string | null;
  readonly authority: string | null;
  /** The shift it is registered by; null: by itself. */
  readonly shiftId: string | null;
  readonly transcoded: boolean;
  readonly openedMs: number;
  expiresMs: number;
  deliveredS: number;
  /** Sockets of this view that are open now. */
  viewers: number;
  plan: Promise<FilePlan> | null;
  /** A file of it was asked for already. */
  hasFile: boolean;
  /** By which it was opened, and with which it ends. */
  readonly permissionId: string | null;
  readonly purposeCode: string | null;
  /** Aborted when it is cut: whoever still sends bytes of it stops at once. */
  readonly cut: AbortController;
}

/** What the gate decides on while it runs: the same camera and span, under the same permission. */
export const subjectOfView = (view: View): Subject => ({
  ...subjectOfFootage(view),
  ...(view.permissionId === null ? {} : { permissionId: view.permissionId }),
});

/** The same for what is done beside looking: any of the person's permissions may allow it. */
export const subjectOfFootage = ({ camera, openedMs, fromMs }: View): Subject => ({
  kind: 'camera',
  ...{ id: camera.id, name: camera.name, siteId: camera.siteId, step: camera.step },
  agoMs: fromMs === null ? 0 : Math.max(0, openedMs - fromMs),
});

export type ViewEnd = 'closed' | 'revoked' | 'expired' | 'engine';
