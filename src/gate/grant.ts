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
    | 'person'
    | 'session'
    | 'view'
    | 'ledger'
    | 'retention'
    | 'system'
    | 'storage'
    | 'volume'
    | 'webhook';
  readonly id?: string | undefined;
  /** For the ledger's reader. */
  readonly name?: string | undefined;
  readonly siteId?: string | undefined;
  /** The person a view or session belongs to. */
  readonly ownerId?: string | undefined;
}

let mint: <A extends Action>(
  by: Actor,
  action: A,
  subject: Subject,
  rules: readonly string[],
  atMs: number,
) => Grant<A>;

export class Grant<A extends Action = Action> {
  /** Makes the type nominal: nothing that merely looks like a grant is one. */
  readonly #permitted = true;
  readonly by: Actor;
  readonly action: A;
  readonly subject: Subject;
  /** The rules that permitted it. */
  readonly rules: readonly string[];
  readonly atMs: number;

  private constructor(by: Actor, action: A, subject: Subject, rules: readonly string[], atMs: number) {
    this.by = by;
    this.action = action;
    this.subject = subject;
    this.rules = rules;
    this.atMs = atMs;
  }

  static {
    mint = (by, action, subject, rules, atMs) => new Grant(by, action, subject, rules, atMs);
  }

  static is(value: unknown): value is Grant {
    return typeof value === 'object' && value !== null && #permitted in value;
  }
}

/** For gate.ts alone; not exported by the folder. */
export const issue: typeof mint = (by, action, subject, rules, atMs) =>
  mint(by, action, subject, rules, atMs);
