/** A view: one live or playback session of one person, as it is held while it is open. */
import type { Camera } from '../collect/index.ts';
import type { FilePlan } from '../engine/index.ts';
import type { Who } from '../gate/index.ts';

export interface View {
  readonly id: string;
  readonly camera: Camera;
  readonly who: Who;
  readonly kind: 'live' | 'playback';
  readonly stream: 'main' | 'sub';
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly purpose: string;
  readonly transcoded: boolean;
  readonly openedMs: number;
  expiresMs: number;
  deliveredS: number;
  /** Sockets of this view that are open now. */
  viewers: number;
  plan: Promise<FilePlan> | null;
}

export type ViewEnd = 'closed' | 'revoked' | 'expired' | 'engine';
