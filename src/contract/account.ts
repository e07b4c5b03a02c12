/** One's own account: second factors, tokens for programs; and the way back in. */
import { z } from 'zod';
import { actions, endpoint } from './endpoint.ts';
import { password } from './gate.ts';
import { byId, id, instant, instantIn, listOf, name, note, nothing, role, roles } from './shapes.ts';

const base64url = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/);

const factor = z.object({
  id,
  kind: z.enum(['totp', 'passkey']),
  name: z.string(),
  created: instant,
  lastUsed: instant.nullable(),
});
const confirmed = z.object({
  factor: id,
  /** Shown once, with the first factor: each is good once in place of it. */
  recoveryCodes: z.array(z.string()),
});

export const factors = endpoint({
  method: 'GET',
  path: '/api/session/factors',
  action: 'self',
  ledger: 'none',
  reply: z.object({
    factors: z.array(factor),
    recoveryCodesLeft: z.number().int(),
    /** The unit demands one of this person, here. */
    demanded: z.boolean(),
    /** Passkeys belong to a host's name: none at an address of numbers. */
    passkeysHere: z.boolean(),
  }),
  says: "The caller's second factors.",
});

export const beginTotp = endpoint({
  method: 'POST',
  path: '/api/session/factors/totp',
  action: 'account.secure',
  ledger: 'change',
  body: z.object({ password }).strict(),
  reply: z.object({ secret: z.string(), uri: z.string() }),
  says: 'Begins with an authenticator app: its key, to be scanned or typed; void until confirmed, for ten minutes.',
});
export const confirmTotp = endpoint({
  method: 'POST',
  path: '/api/session/factors/totp/confirm',
  action: 'account.secure',
  ledger: 'change',
  body: z.object({ name, code: z.string().min(6).max(12) }).strict(),
  reply: confirmed,
  says: 'Confirms the app by a code that it shows; from now on a sign-in asks for one.',
});
export const beginPasskey = endpoint({
  method: 'POST',
  path: '/api/session/factors/passkey',
  action: 'account.secure',
  ledger: 'change',
  body: z.object({ password }).strict(),
  reply: z.object({
    challenge: z.string(),
    rpId: z.string(),
    userId: z.string(),
    known: z.array(z.string()),
    algorithms: z.array(z.number().int()),
  }),
  says: 'Begins with a passkey: what the browser is to ask of the authenticator, for three minutes.',
});
export const confirmPasskey = endpoint({
  method: 'POST',
  path: '/api/session/factors/passkey/confirm',
  action: 'account.secure',
  ledger: 'change',
  body: z
    .object({
      name,
      clientData: base64url(8_000),
      authenticatorData: base64url(8_000),
      publicKey: base64url(4_000),
      algorithm: z.number().int(),
    })
    .strict(),
  reply: confirmed,
  says: 'Takes the passkey that was made.',
});
export const endFactor = endpoint({
  method: 'POST',
  path: '/api/session/factors/:id/end',
  action: 'account.secure',
  ledger: 'change',
  params: byId,
  body: z.object({ password }).strict(),
  reply: nothing,
  says: 'Takes a second factor away.',
});
export const newRecoveryCodes = endpoint({
  method: 'POST',
  path: '/api/session/recovery-codes',
  action: 'account.secure',
  ledger: 'change',
  body: z.object({ password }).strict(),
  reply: z.object({ recoveryCodes: z.array(z.string()) }),
  says: 'Ten new codes on paper; those before are void.',
});

export const askSecond = endpoint({
  method: 'POST',
  path: '/api/session/second',
  action: 'open',
  ledger: 'change',
  body: z.object({ name: z.string().min(1).max(64), password }).strict(),
  reply: z.object({
    totp: z.boolean(),
    passkey: z.object({ challenge: z.string(), rpId: z.string(), known: z.array(z.string()) }).nullable(),
  }),
  says: 'Which second factors may answer, with the challenge for a passkey; asked with the right password only.',
});

const action = z.enum(actions);
const token = z.object({
  id,
  name: z.string(),
  scope: z.array(z.string()),
  created: instant,
  lastUsed: instant,
  expires: instant,
});
export const tokens = endpoint({
  method: 'GET',
  path: '/api/tokens',
  action: 'self',
  ledger: 'none',
  reply: listOf(token),
  says: "The caller's tokens for programs; never the tokens themselves.",
});
export const makeToken = endpoint({
  method: 'POST',
  path: '/api/tokens',
  action: 'account.token',
  ledger: 'change',
  body: z
    .object({ name, scope: z.array(action).min(1).max(actions.length), expires: instantIn, password })
    .strict(),
  reply: z.object({ id, token: z.string(), expires: instant }),
  says: 'Makes a token for a program, with a scope and an end; it is shown this once.',
});
export const endSession = endpoint({
  method: 'POST',
  path: '/api/sessions/:id/end',
  action: 'account.secure',
  ledger: 'change',
  params: byId,
  body: nothing,
  reply: nothing,
  says: "Ends one of the caller's sessions or tokens, and its views.",
});

const secondRule = z
  .object({ roles: z.array(role).max(roles.length), inside: z.array(z.string().trim().max(60)).max(100) })
  .strict();
export const secondFactorRule = endpoint({
  method: 'GET',
  path: '/api/second-factor-rule',
  action: 'person.read',
  ledger: 'none',
  reply: secondRule,
  says: 'Of whom a second factor is demanded: roles always, everybody from outside of these networks.',
});
export const setSecondFactorRule = endpoint({
  method: 'PUT',
  path: '/api/second-factor-rule',
  action: 'unit.configure',
  ledger: 'change',
  body: secondRule,
  reply: secondRule,
  says: 'Says of whom a second factor is demanded; who has none sets one up before anything else.',
});

const recovery = z.object({
  id,
  personId: id,
  person: z.string(),
  reason: z.string(),
  asked: instant,
  askedById: id,
  askedBy: z.string(),
  approvedBy: z.string().nullable(),
  expires: instant,
});
export const recoveries = endpoint({
  method: 'GET',
  path: '/api/recoveries',
  action: 'person.read',
  ledger: 'none',
  reply: listOf(recovery),
  says: 'Ways back in that were asked for and not used.',
});
export const askRecovery = endpoint({
  method: 'POST',
  path: '/api/persons/:id/recovery',
  action: 'person.configure',
  ledger: 'change',
  params: byId,
  body: z.object({ reason: note.min(2) }).strict(),
  reply: z.object({ id }),
  says: 'Asks for a way back in for a person who lost password or second factor; another administrator approves.',
});
export const approveRecovery = endpoint({
  method: 'POST',
  path: '/api/recoveries/:id/approve',
  action: 'person.configure',
  ledger: 'change',
  params: byId,
  body: nothing,
  reply: z.object({ code: z.string(), expires: instant }),
  says: 'Approves what another administrator asked for; the code is shown this once, to be handed over.',
});
export const recover = endpoint({
  method: 'POST',
  path: '/api/session/recover',
  action: 'open',
  ledger: 'change',
  body: z.object({ name: z.string().min(1).max(64), code: z.string().min(1).max(40), password }).strict(),
  reply: nothing,
  says: 'Sets a new password by the code that was handed over; second factors and sessions of before end.',
});
