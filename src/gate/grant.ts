/** A grant: the proof that the gate permitted one act on one thing to one person. Only this folder can make one. */
import type { Action } from '../contract/index.ts';
import type { Actor } from '../ledger/index.ts';

/** What is acted on, with the facts that rules ask for. */
export interface Subject {
  readonly kind:
    | 'any'
    | 'unit'
    | 'site'
    | 'camera'
    | 'place'
    | 'person'
    | 'session'
    | 'view'
    | 'ledger'
    | 'retention'
    | 'system'
    | 'storage'
    | 'volume'
    | 'webhook'
    | 'permission'
    | 'delegation'
    | 'use'
    | 'shift'
    | 'filing'
    | 'desk';
  readonly id?: string | undefined;
  /** For the ledger's reader. */
  readonly name?: string | undefined;
  readonly siteId?: string | undefined;
  /** The person a view or session belongs to. */
  readonly ownerId?: string | undefined;
  /** Who asked, of a permission. */
  readonly askedBy?: string | undefined;
  /** A camera's step of life: a founding permission holds in the trial run only. */
  readonly step?: string | undefined;
  /** How old the oldest footage was when it was asked for, ms; live is not old. */
  readonly agoMs?: number | undefined;
  /** Only this permission counts: a running view lives and dies with its own. */
  readonly permissionId?: string | undefined;
}

/** What permitted it, and what must be done because of it. Nothing stands here that is not carried out. */
export interface Terms {
  /** The rules that permitted it. */
  readonly rules: readonly string[];
  readonly permissionId: string | null;
  readonly permissionEndsMs: number | null;
  readonly purpose: string | null;
  readonly obligations: readonly Obligation[];
}

/**
 * `register`: why, for whom and the seconds delivered stand in the use register before the first frame. `register-duty`:
 * the same, and a running shift says it for all of its live views.
 */
export type Obligation = 'register' | 'register-duty';

let mint: <A extends Action>(by: Actor, action: A, subject: Subject, terms: Terms, atMs: number) => Grant<A>;

export class Grant<A extends Action = Action> {
  /** Makes the type nominal: nothing that merely looks like a grant is one. */
  readonly #permitted = true;
  readonly by: Actor;
  readonly action: A;
  readonly subject: Subject;
  readonly terms: Terms;
  readonly atMs: number;

  private constructor(by: Actor, action: A, subject: Subject, terms: Terms, atMs: number) {
    this.by = by;
    this.action = action;
    this.subject = subject;
    this.terms = terms;
    this.atMs = atMs;
  }

  static {
    mint = (by, action, subject, terms, atMs) => new Grant(by, action, subject, terms, atMs);
  }

  static is(value: unknown): value is Grant {
    return typeof value === 'object' && value !== null && #permitted in value;
  }
}

/** For gate.ts alone; not exported by the folder. */
export const issue: typeof mint = (by, action, subject, terms, atMs) =>
  mint(by, action, subject, terms, atMs);
