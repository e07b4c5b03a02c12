/** One's own second factors and tokens, when a second factor is demanded, and the way back in. */

import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { refuse, rfc3339 } from '../base/index.ts';
import { account } from '../contract/index.ts';
import {
  addPasskey,
  addTotp,
  approveRecovery,
  askRecovery,
  type ConsoleAt,
  endFactor,
  endOwnSession,
  factorsOf,
  findPerson,
  type Grant,
  isDemanded,
  makeToken,
  newRecoveryCodes,
  passkeyAlgorithms,
  passkeysOf,
  personOfRecovery,
  readNetwork,
  recoveries,
  recoveryCodesLeft,
  runningTokens,
  type Subject,
  sayTotp,
  secondRule,
  setSecondRule,
  strengthen,
  type Who,
} from '../gate/index.ts';
import { hostOf } from './caller.ts';
import { type Edge, mount } from './route.ts';

export interface AccountRoutes {
  readonly isSecure: boolean;
}

/** Where the console is asked from; null: at an address of numbers, where no passkey can be. */
export function consoleAt(edge: Edge, request: FastifyRequest, isSecure: boolean): ConsoleAt | null {
  const host = hostOf(request.headers, edge.around);
  const url = URL.parse(`${isSecure ? 'https' : 'http'}://${host}`);
  if (!url || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) return null;
  return { origin: url.origin, rpId: url.hostname };
}

export function mountAccount(edge: Edge, routes: AccountRoutes): void {
  mountFactors(edge, routes);
  mountTotp(edge);
  mountPasskeys(edge, routes);
  mountTokens(edge);
  mountRule(edge);
  mountRecovery(edge);
}

function mountFactors(edge: Edge, { isSecure }: AccountRoutes): void {
  const db = edge.db.kysely;
  mount(edge, account.factors, {
    handle: async ({ who, request }) => {
      const factors = await factorsOf(db, who.personId);
      return {
        factors: factors.map(({ id, kind, name, createdMs, lastUsedMs }) => ({
          ...{ id, kind, name, created: rfc3339(createdMs) },
          lastUsed: lastUsedMs === null ? null : rfc3339(lastUsedMs),
        })),
        recoveryCodesLeft: await recoveryCodesLeft(db, who.personId),
        demanded: isDemanded(await secondRule(db), who.roles, who.from),
        passkeysHere: consoleAt(edge, request, isSecure) !== null,
      };
    },
  });
  mount(edge, account.endFactor, {
    deed: 'factor.end',
    handle: async ({ who, params, body, grant, change }) => {
      await edge.gate.checkPassword(who, body.password, 'factor.end');
      const rest = (await factorsOf(db, who.personId)).filter(({ id }) => id !== params.id);
      if (rest.length === 0 && isDemanded(await secondRule(db), who.roles, who.from))
        refuse('second.demanded');
      await change((trx) => endFactor(trx, grant, params.id), {
        ...own(who, 'factor.end'),
        detail: { factor: params.id },
      });
      return {};
    },
  });
  mount(edge, account.newRecoveryCodes, {
    deed: 'factor.codes',
    handle: async ({ who, body, grant, change }) => {
      await edge.gate.checkPassword(who, body.password, 'factor.codes');
      if ((await factorsOf(db, who.personId)).length === 0) refuse('second.unknown');
      const codes = await change((trx) => newRecoveryCodes(trx, grant), own(who, 'factor.codes'));
      return { recoveryCodes: codes };
    },
  });
  mount(edge, account.askSecond, {
    deed: 'session.open',
    handle: async ({ body, from, request, written }) => {
      const asked = await edge.gate.askSecond({ ...body, from });
      // The sign-in that follows has its row.
      written();
      const at = consoleAt(edge, request, isSecure);
      const known = at ? await passkeysOf(db, asked.personId) : [];
      const passkey =
        at && known.length > 0
          ? {
              challenge: edge.gate.pending.challenge(asked.personId, edge.clock.wallMs()),
              rpId: at.rpId,
              known,
            }
          : null;
      return { totp: asked.totp, passkey };
    },
  });
}

type Deed = 'factor.add' | 'factor.end' | 'factor.codes' | 'token.make' | 'token.end' | 'session.close';
const own = (who: Who, action: Deed) => ({ action, subject: ownSubject(who) });
const ownSubject = (who: Who): Subject => ({ kind: 'person', id: who.personId, name: who.name });

/** With the first factor come the codes on paper; the session that proved it counts as strong from then on. */
async function takeFactor(
  edge: Edge,
  who: Who,
  change: <T>(
    work: (trx: Parameters<typeof newRecoveryCodes>[0]) => Promise<T>,
    account: object,
  ) => Promise<T>,
  grant: Grant,
  of: {
    readonly kind: 'totp' | 'passkey';
    readonly add: (trx: Parameters<typeof newRecoveryCodes>[0]) => Promise<string>;
  },
) {
  const isFirst = (await factorsOf(edge.db.kysely, who.personId)).length === 0;
  return change(
    async (trx) => {
      const factor = await of.add(trx);
      await strengthen(trx, who.sessionId);
      return { factor, recoveryCodes: isFirst ? await newRecoveryCodes(trx, grant) : [] };
    },
    { ...own(who, 'factor.add'), detail: { kind: of.kind } },
  );
}

function mountTotp(edge: Edge): void {
  const { pending } = edge.gate;
  mount(edge, account.beginTotp, {
    deed: 'factor.add',
    handle: async ({ who, body, written }) => {
      await edge.gate.checkPassword(who, body.password, 'factor.add');
      const unit = (await edge.gate.unit())?.name ?? '';
      const key = pending.beginTotp(who.personId, edge.clock.wallMs());
      // Nothing is there yet: the confirmation has its row.
      written();
      return sayTotp({ key, name: who.name, unit });
    },
  });
  mount(edge, account.confirmTotp, {
    deed: 'factor.add',
    handle: async ({ who, body, grant, change }) => {
      const key = pending.totpKey(who.personId, edge.clock.wallMs()) ?? refuse('second.begin');
      const made = await takeFactor(edge, who, change, grant, {
        kind: 'totp',
        add: (trx) => addTotp(trx, grant, { key, ...body, box: edge.gate.box }),
      });
      pending.doneTotp(who.personId);
      return made;
    },
  });
}

function mountPasskeys(edge: Edge, { isSecure }: AccountRoutes): void {
  const { pending } = edge.gate;
  mount(edge, account.beginPasskey, {
    deed: 'factor.add',
    handle: async ({ who, body, request, written }) => {
      const at = consoleAt(edge, request, isSecure) ?? refuse('second.host');
      await edge.gate.checkPassword(who, body.password, 'factor.add');
      written();
      return {
        challenge: pending.challenge(who.personId, edge.clock.wallMs()),
        rpId: at.rpId,
        userId: Buffer.from(who.personId).toString('base64url'),
        known: await passkeysOf(edge.db.kysely, who.personId),
        algorithms: [...passkeyAlgorithms],
      };
    },
  });
  mount(edge, account.confirmPasskey, {
    deed: 'factor.add',
    handle: async ({ who, body, grant, request, change }) => {
      const at = consoleAt(edge, request, isSecure) ?? refuse('second.host');
      const challenge = pending.take(body.clientData, who.personId, edge.clock.wallMs());
      if (challenge === null) refuse('second.begin');
      return takeFactor(edge, who, change, grant, {
        kind: 'passkey',
        add: (trx) => addPasskey(trx, grant, body, { ...at, challenge }),
      });
    },
  });
}

function mountTokens(edge: Edge): void {
  mount(edge, account.tokens, {
    handle: async ({ who }) => {
      const rows = await runningTokens(edge.db.kysely, who.personId);
      const items = rows.map((row) => ({
        ...{ id: row.id, name: row.name, scope: row.scope ?? [], created: rfc3339(row.created.getTime()) },
        ...{ lastUsed: rfc3339(row.last_seen.getTime()), expires: rfc3339(row.expires.getTime()) },
      }));
      return { items };
    },
  });
  mount(edge, account.makeToken, {
    deed: 'token.make',
    handle: async ({ who, body, grant, change }) => {
      await edge.gate.checkPassword(who, body.password, 'token.make');
      const { name, scope } = body;
      const made = await change(
        (trx) => makeToken(trx, grant, { name, scope, endsMs: Date.parse(body.expires) }, edge.gate.may(who)),
        (token) => ({
          ...{ action: 'token.make', subject: { kind: 'session', id: token.id, name } },
          detail: { scope, expires: rfc3339(token.expiresMs) },
        }),
      );
      return { id: made.id, token: made.token, expires: rfc3339(made.expiresMs) };
    },
  });
  mount(edge, account.endSession, {
    deed: 'session.close',
    handle: async ({ who, params, grant, change }) => {
      const { kind } = await change(
        (trx) => endOwnSession(trx, grant, params.id),
        (ended) => ({
          action: ended.kind === 'api' ? 'token.end' : 'session.close',
          subject: { kind: 'session', id: params.id, ...(ended.name ? { name: ended.name } : {}) },
        }),
      );
      const why = kind === 'api' ? 'revoked' : 'signed-out';
      edge.gate.announce({ sessionIds: [params.id], personId: who.personId, why });
      return {};
    },
  });
}

function mountRule(edge: Edge): void {
  const db = edge.db.kysely;
  const plain = ({ roles, inside }: Awaited<ReturnType<typeof secondRule>>) => ({
    roles: [...roles],
    inside: [...inside],
  });
  mount(edge, account.secondFactorRule, { handle: async () => plain(await secondRule(db)) });
  mount(edge, account.setSecondFactorRule, {
    handle: async ({ body, grant, change }) => {
      for (const network of body.inside) if (!readNetwork(network)) refuse('second.network', { network });
      await change(
        (trx) => setSecondRule(trx, grant, body),
        (before) => ({ detail: { change: 'second-factor-rule', before, after: body } }),
      );
      return plain(await secondRule(db));
    },
  });
}

function mountRecovery(edge: Edge): void {
  const db = edge.db.kysely;
  const subjectOf = async (personId: string): Promise<Subject> => {
    const { id, name } = await findPerson(db, personId, edge.clock.wallMs());
    return { kind: 'person', id, name };
  };
  mount(edge, account.recoveries, {
    handle: async () => {
      const items = (await recoveries(db, edge.clock.wallMs())).map(({ askedMs, expiresMs, ...rest }) => ({
        ...rest,
        ...{ asked: rfc3339(askedMs), expires: rfc3339(expiresMs) },
      }));
      return { items };
    },
  });
  mount(edge, account.askRecovery, {
    subject: ({ params }) => subjectOf(params.id),
    handle: async ({ body, grant, change }) => {
      const id = await change(
        (trx) => askRecovery(trx, grant, body.reason),
        (recovery) => ({ reason: body.reason, detail: { change: 'recovery-asked', recovery } }),
      );
      return { id };
    },
  });
  mount(edge, account.approveRecovery, {
    subject: async ({ params }) => subjectOf(await personOfRecovery(db, params.id)),
    handle: async ({ params, grant, change }) => {
      const { code, expiresMs } = await change((trx) => approveRecovery(trx, grant, params.id), {
        detail: { change: 'recovery-approved', recovery: params.id },
      });
      return { code, expires: rfc3339(expiresMs) };
    },
  });
  mount(edge, account.recover, {
    deed: 'session.recover',
    handle: async ({ body, from, written }) => {
      await edge.gate.recover({ ...body, from });
      written();
      return {};
    },
  });
}
