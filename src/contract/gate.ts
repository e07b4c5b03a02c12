/** Set-up, signing in and out, and persons. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { byId, id, instant, listOf, name, nothing, role, roles } from './shapes.ts';

/** Sign-in names: letters of any script, digits, and `. _ -`; case does not matter. */
export const signInName = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}._-]+$/u);
export const password = z.string().min(1).max(256);

export const setupState = endpoint({
  method: 'GET',
  path: '/api/setup',
  action: 'open',
  ledger: 'none',
  reply: z.object({
    needed: z.boolean(),
    /** True when Custos listens off loopback: then the code printed in the terminal is asked for. */
    codeNeeded: z.boolean(),
  }),
  says: 'Whether the first person has still to be made.',
});

export const setup = endpoint({
  method: 'POST',
  path: '/api/setup',
  action: 'open',
  ledger: 'change',
  body: z.object({
    unit: name,
    name: signInName,
    password,
    code: z.string().max(40).optional(),
    site: name.optional(),
    timeZone: z.string().max(60).default('Asia/Shanghai'),
    /** Issues the first person a founding permission: to look at cameras in trial run, 30 days at most. */
    founding: z.boolean().default(false),
  }),
  reply: z.object({ person: z.object({ id, name: z.string() }), siteId: id }),
  says: 'Makes the unit, its first site and the first administrator, once; signs this browser in.',
});

export const me = z.object({
  id,
  name: z.string(),
  displayName: z.string(),
  roles: z.array(role),
  unit: z.string(),
  /** Actions that the gate would permit this person in general, for the menu. */
  may: z.array(z.string()),
  csrf: z.string(),
  expires: instant,
  demo: z.boolean(),
  /** Vetting, training or another record is missing: signed in to see that, and for nothing else. */
  inert: z.boolean(),
  /** Works by the declaration of its set-up, until this moment; null: by records, or not at all. */
  foundingUntil: instant.nullable(),
  /** A second factor is demanded of this session and was not proved: nothing else until then. */
  owesSecond: z.boolean(),
});

const base64url = z
  .string()
  .min(1)
  .max(8_000)
  .regex(/^[A-Za-z0-9_-]+$/);
const assertion = z
  .object({ id: base64url, clientData: base64url, authenticatorData: base64url, signature: base64url })
  .strict();

export const signIn = endpoint({
  method: 'POST',
  path: '/api/session',
  action: 'open',
  ledger: 'change',
  body: z.object({
    name: z.string().min(1).max(64),
    password,
    /** What an app shows, a code on paper, or a passkey's answer to the challenge of `/api/session/second`. */
    second: z.union([z.string().min(1).max(64), assertion]).optional(),
    token: z.boolean().optional(),
  }),
  reply: z.object({ me, token: z.string().optional(), expires: instant }),
  says: 'Signs in: sets the session cookie and, when asked, returns a bearer token.',
});

export const session = endpoint({
  method: 'GET',
  path: '/api/session',
  action: 'self',
  ledger: 'none',
  reply: me,
  says: 'Who is signed in, and the CSRF token that unsafe calls with the cookie must send as x-csrf.',
});

export const signOut = endpoint({
  method: 'DELETE',
  path: '/api/session',
  action: 'self',
  ledger: 'change',
  reply: nothing,
  says: 'Ends this session and its views.',
});

export const sessions = endpoint({
  method: 'GET',
  path: '/api/sessions',
  action: 'self',
  ledger: 'none',
  reply: listOf(
    z.object({
      id,
      since: instant,
      lastSeen: instant,
      expires: instant,
      from: z.string(),
      agent: z.string(),
      current: z.boolean(),
      kind: z.enum(['cookie', 'token', 'api']),
      /** With a second factor. */
      strong: z.boolean(),
      /** Of a token for a program. */
      name: z.string(),
    }),
  ),
  says: "The caller's own sessions.",
});

export const signOutEverywhere = endpoint({
  method: 'DELETE',
  path: '/api/sessions',
  action: 'account.secure',
  ledger: 'change',
  reply: z.object({ ended: z.number().int() }),
  says: "Ends all of the caller's sessions, this one too, and every running view.",
});

export const changePassword = endpoint({
  method: 'PUT',
  path: '/api/session/password',
  action: 'account.secure',
  ledger: 'change',
  body: z.object({ present: password, next: password }),
  reply: nothing,
  says: "Changes the caller's password and ends the other sessions.",
});

/** How a person stands with one kind of record: needed, without which the account is inert, or only owed. */
export const personStanding = z.object({
  kind: z.string(),
  needed: z.boolean(),
  met: z.boolean(),
  /** Until when the best of its kind holds or held. */
  ends: instant.nullable(),
});

export const person = z.object({
  id,
  name: z.string(),
  displayName: z.string(),
  roles: z.array(role),
  active: z.boolean(),
  created: instant,
  lastSignIn: instant.nullable(),
  /** The firm of a contractor; empty: of the unit itself. */
  employer: z.string(),
  guard: z.boolean(),
  left: instant.nullable(),
  clearedUntil: instant.nullable(),
  inert: z.boolean(),
  founding: z.boolean(),
  records: z.array(personStanding),
});

const employer = z.union([name, z.literal('')]);

export const persons = endpoint({
  method: 'GET',
  path: '/api/persons',
  action: 'person.read',
  ledger: 'none',
  reply: listOf(person),
  says: 'All persons of the unit.',
});

export const addPerson = endpoint({
  method: 'POST',
  path: '/api/persons',
  action: 'person.configure',
  ledger: 'change',
  body: z.object({
    name: signInName,
    displayName: name,
    roles: z.array(role).min(1).max(roles.length),
    password,
    employer: employer.optional(),
    guard: z.boolean().optional(),
  }),
  reply: person,
  says: 'Makes a person; the account is inert until vetting, confidentiality training and post training are on record.',
});

export const changePerson = endpoint({
  method: 'PATCH',
  path: '/api/persons/:id',
  action: 'person.configure',
  ledger: 'change',
  params: byId,
  body: z
    .object({
      displayName: name.optional(),
      roles: z.array(role).min(1).max(roles.length).optional(),
      active: z.boolean().optional(),
      password: password.optional(),
      employer: employer.optional(),
      guard: z.boolean().optional(),
    })
    .strict(),
  reply: person,
  says: 'Changes a person; withdrawing roles, deactivating or a new password ends sessions and views at once.',
});
