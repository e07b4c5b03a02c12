/**
 * The decision, pure: who, what, on what, when → yes and by which rules, or no and why. Default is no; a forbid
 * beats every permit; a rule that fails is a no. No clock, no database, no memory.
 */
import { type Action, actions, type Role } from '../contract/index.ts';
import type { Obligation, Subject, Terms } from './grant.ts';
import { findPermission, opens, type Permission, type Standing } from './permission.ts';

export interface Principal {
  readonly kind: 'person' | 'system' | 'anonymous';
  readonly personId: string | null;
  readonly roles: readonly Role[];
  readonly active: boolean;
  /** Of a person: from when the account is inert; null: it never worked. */
  readonly clearedUntilMs?: number | null;
  /** A second factor is demanded here, and the session has none. */
  readonly owesSecond?: boolean;
  /** Of a program's token: what it may be used for. */
  readonly scope?: readonly Action[] | null;
}

export interface Context {
  readonly nowMs: number;
  /** When the session ends for good; null without one. */
  readonly sessionEndsMs: number | null;
  /** The caller's own, running or just over. */
  readonly permissions: readonly Permission[];
  /** An approver who is away let the caller decide on permissions. */
  readonly isDelegate: boolean;
}

export type Decision =
  | ({ readonly permit: true } & Terms)
  | { readonly permit: false; readonly code: DenialCode; readonly rules: readonly string[] };
export type DenialCode =
  | 'gate.denied'
  | 'session.needed'
  | 'view.others'
  | 'person.inert'
  | 'permission.own'
  | 'permission.none'
  | 'permission.over'
  | 'permission.early'
  | 'permission.operating'
  | 'permission.hours'
  | 'permission.look-back'
  | 'second.owed'
  | 'token.narrow';

export interface Rule {
  readonly name: string;
  readonly effect: 'permit' | 'forbid';
  readonly actions: readonly Action[] | 'all';
  readonly when: (who: Principal, subject: Subject, context: Context, action: Action) => boolean;
  /** Of a forbid: what the caller is told. */
  readonly code?: DenialCode;
}

/** What a role opens by itself. Video is not among it: for that each person needs a permission. */
export const roleActions: Readonly<Record<Role, readonly Action[]>> = {
  // Configures and names persons, but neither sees footage nor reads the ledger that watches administrators.
  administrator: [
    'unit.configure',
    'site.read',
    'site.configure',
    'camera.read',
    'camera.configure',
    'camera.pause',
    'retention.read',
    'person.read',
    'person.configure',
    'system.read',
    'storage.configure',
    'webhook.configure',
    'completeness.read',
    'duty.read',
    'permission.read',
    'permission.revoke',
    'permission.found',
    'filing.read',
  ],
  maintainer: [
    'site.read',
    'camera.read',
    'camera.configure',
    'camera.pause',
    'retention.read',
    'system.read',
    'storage.configure',
    'duty.read',
  ],
  watcher: ['site.read', 'camera.read', 'permission.ask', 'permission.emergency', 'shift.keep'],
  approver: [
    'site.read',
    'camera.read',
    'footage.hold',
    'footage.mark',
    'footage.erase',
    'retention.read',
    'retention.decide',
    'ledger.redact',
    'duty.read',
    'permission.read',
    'permission.ask',
    'permission.decide',
    'permission.revoke',
    'permission.delegate',
    'permission.emergency',
    'permission.review',
    'use.read',
    'shift.keep',
  ],
  auditor: [
    'site.read',
    'camera.read',
    'retention.read',
    'person.read',
    'ledger.read',
    'system.read',
    'completeness.read',
    'duty.read',
    'permission.read',
    'permission.review',
    'filing.read',
    'use.read',
  ],
  // The unit's compliance officer.
  filer: [
    'site.read',
    'camera.read',
    'retention.read',
    'completeness.read',
    'filing.read',
    'filing.file',
    'duty.read',
  ],
  // The clerk of the organ that receives filings: nothing of the cameras here.
  receiver: ['desk.read', 'desk.bring', 'desk.decide', 'desk.inspect'],
  // A unit's own people at that desk: its rows alone, and the database says so too.
  delegate: ['desk.bring'],
};

export const videoActions: readonly Action[] = Object.values(opens);
const isVideo = new Set(videoActions);
/** Whose work it is to look. Administrators and maintainers run the system, auditors judge its use. */
const lookingRoles: readonly Role[] = ['watcher', 'approver'];
export const mayHold = (roles: readonly Role[]): boolean =>
  roles.some((role) => lookingRoles.includes(role)) && !roles.includes('auditor');

const permitsOfRoles = Object.entries(roleActions).map(
  ([role, actions]): Rule => ({
    name: `role-${role}`,
    effect: 'permit',
    actions,
    when: (who) => who.kind === 'person' && (who.roles as readonly string[]).includes(role),
  }),
);

/** What anybody signed in may do with their own account. */
const ownActions: readonly Action[] = ['open', 'self', 'account.secure'];

export const rules: readonly Rule[] = [
  { name: 'open-to-all', effect: 'permit', actions: ['open'], when: () => true },
  {
    name: 'signed-in',
    effect: 'permit',
    actions: ['self', 'account.secure', 'account.token'],
    when: (who) => who.kind === 'person',
  },
  ...permitsOfRoles,
  {
    name: 'permission',
    effect: 'permit',
    actions: videoActions,
    when: (who, subject, context, action) =>
      who.kind === 'person' &&
      mayHold(who.roles) &&
      'by' in findPermission(context.permissions, action, subject, context.nowMs),
  },
  {
    name: 'delegated',
    effect: 'permit',
    actions: ['permission.decide', 'permission.read'],
    when: (who, _subject, context) => who.kind === 'person' && context.isDelegate,
  },
  {
    // Set-up, demo and start-up act before or without a person; the system never looks at video.
    name: 'system-configures',
    effect: 'permit',
    actions: ['unit.configure', 'site.configure', 'camera.configure', 'person.configure'],
    when: (who) => who.kind === 'system',
  },
  {
    name: 'session-is-over',
    effect: 'forbid',
    actions: 'all',
    when: (_who, _subject, context) =>
      context.sessionEndsMs !== null && context.nowMs >= context.sessionEndsMs,
    code: 'session.needed',
  },
  {
    name: 'person-is-inactive',
    effect: 'forbid',
    actions: 'all',
    when: (who) => who.kind === 'person' && !who.active,
    code: 'session.needed',
  },
  {
    // Order 799 art. 16(2)(1): vetting, confidentiality and training come before watching and managing. An inert
    // person signs in and sees why.
    name: 'person-is-inert',
    effect: 'forbid',
    actions: actions.filter((action) => !ownActions.includes(action)),
    when: (who, _subject, context) =>
      who.kind === 'person' && !(context.nowMs < (who.clearedUntilMs ?? Number.NEGATIVE_INFINITY)),
    code: 'person.inert',
  },
  {
    name: 'second-factor-is-owed',
    effect: 'forbid',
    actions: actions.filter((action) => !ownActions.includes(action)),
    when: (who) => who.owesSecond === true,
    code: 'second.owed',
  },
  {
    // A program does what its token was made for; whoever finds the token does not get the account.
    name: 'token-has-a-scope',
    effect: 'forbid',
    actions: actions.filter((action) => action !== 'open' && action !== 'self'),
    when: ({ scope }, _subject, _context, action) =>
      scope !== undefined && scope !== null && !scope.includes(action),
    code: 'token.narrow',
  },
  {
    // Whoever judges how footage is used must not be one of those who use it, whatever else they are.
    name: 'auditor-sees-no-video',
    effect: 'forbid',
    actions: videoActions,
    when: (who) => who.roles.includes('auditor'),
    code: 'gate.denied',
  },
  {
    name: 'own-permission',
    effect: 'forbid',
    actions: ['permission.decide', 'permission.review'],
    when: (who, subject) =>
      subject.kind === 'permission' &&
      who.personId !== null &&
      (subject.ownerId === who.personId || subject.askedBy === who.personId),
    code: 'permission.own',
  },
  {
    name: 'view-of-another',
    effect: 'forbid',
    actions: 'all',
    when: (who, subject) => subject.kind === 'view' && subject.ownerId !== who.personId,
    code: 'view.others',
  },
];

const sorted = new WeakMap<readonly Rule[], Map<Action, readonly Rule[]>>();

/** Those of a rule book that speak of an action; sorted once, asked a hundred thousand times a second. */
function rulesOn(action: Action, by: readonly Rule[]): readonly Rule[] {
  let ofBook = sorted.get(by);
  if (!ofBook) {
    ofBook = new Map();
    sorted.set(by, ofBook);
  }
  let found = ofBook.get(action);
  if (!found) {
    found = by.filter((rule) => rule.actions === 'all' || rule.actions.includes(action));
    ofBook.set(action, found);
  }
  return found;
}

export function decide(
  who: Principal,
  action: Action,
  subject: Subject,
  context: Context,
  by: readonly Rule[] = rules,
): Decision {
  const permitting: string[] = [];
  let denied: { code: DenialCode; rule: string } | undefined;
  for (const rule of rulesOn(action, by)) {
    const bites = judge(rule, who, subject, context, action);
    if (bites === 'error') denied = { code: 'gate.denied', rule: `${rule.name} (failed)` };
    else if (bites && rule.effect === 'permit') permitting.push(rule.name);
    else if (bites) denied ??= { code: rule.code ?? 'gate.denied', rule: rule.name };
  }
  if (denied) return { permit: false, code: denied.code, rules: [denied.rule] };
  if (permitting.length > 0) return { permit: true, ...termsOf(action, subject, context), rules: permitting };
  return { permit: false, code: whyNot(who, action, subject, context), rules: [] };
}

/** A rule that throws, or answers anything but true or false, has no answer: the caller denies. */
function judge(
  rule: Rule,
  who: Principal,
  subject: Subject,
  context: Context,
  action: Action,
): boolean | 'error' {
  try {
    const bites: unknown = rule.when(who, subject, context, action);
    return typeof bites === 'boolean' ? bites : 'error';
  } catch {
    return 'error';
  }
}

const noTerms: Omit<Terms, 'rules'> = {
  permissionId: null,
  permissionEndsMs: null,
  purpose: null,
  obligations: [],
};
const toRegister: readonly Obligation[] = ['register'];
const toRegisterDuty: readonly Obligation[] = ['register-duty'];

/** By which permission, and what must be written because of it. */
function termsOf(action: Action, subject: Subject, context: Context): Omit<Terms, 'rules'> {
  if (!isVideo.has(action)) return noTerms;
  const found = findPermission(context.permissions, action, subject, context.nowMs);
  if (!('by' in found)) return noTerms;
  const { id, endsMs, purpose } = found.by;
  const obligations = action === 'view.live' && purpose === 'duty' ? toRegisterDuty : toRegister;
  return { permissionId: id, permissionEndsMs: endsMs, purpose, obligations };
}

const codeOf: Readonly<Record<Exclude<Standing, 'covers'>, DenialCode>> = {
  other: 'permission.none',
  over: 'permission.over',
  early: 'permission.early',
  operating: 'permission.operating',
  hours: 'permission.hours',
  'look-back': 'permission.look-back',
};

/** Nothing permitted it: the nearest reason that helps whoever asked. */
function whyNot(who: Principal, action: Action, subject: Subject, context: Context): DenialCode {
  if (who.kind === 'anonymous') return 'session.needed';
  if (who.kind !== 'person' || !isVideo.has(action) || !mayHold(who.roles)) return 'gate.denied';
  const found = findPermission(context.permissions, action, subject, context.nowMs);
  return 'nearest' in found && found.nearest !== 'covers' ? codeOf[found.nearest] : 'permission.none';
}
