/** Set-up, signing in and out, one's own sessions and password. */
import type { FastifyReply } from 'fastify';
import type { Transaction } from 'kysely';
import { refuse, rfc3339 } from '../base/index.ts';
import { gate as contract } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import { change, findPerson, foundPermission, type Grant, isWho, type Who } from '../gate/index.ts';
import { consoleAt } from './account.ts';
import { cookieName } from './caller.ts';
import { type Edge, mount } from './route.ts';

export interface SessionRoutes {
  /** The cookie travels on TLS only. */
  readonly isSecure: boolean;
  readonly demo: boolean;
  /** Asked for by the set-up off loopback; null where only this machine can reach us. */
  readonly setupCode: string | null;
  readonly firstSite: (
    trx: Transaction<Tables>,
    grant: Grant<'site.configure'>,
    name: string,
    timeZone: string,
  ) => Promise<string>;
}

export function mountSessions(edge: Edge, routes: SessionRoutes): void {
  mountSetup(edge, routes);
  mountSigning(edge, routes);
  mountOwn(edge, routes);
}

function mountSetup(edge: Edge, routes: SessionRoutes): void {
  mount(edge, contract.setupState, {
    handle: async () => ({
      needed: (await edge.gate.unit()) === null,
      codeNeeded: routes.setupCode !== null,
    }),
  });
  mount(edge, contract.setup, {
    deed: 'setup',
    handle: async ({ body, from, request, reply, written }) => {
      if (await edge.gate.unit()) refuse('setup.done');
      if (routes.setupCode !== null) await edge.gate.checkSetUpCode(routes.setupCode, body.code ?? '', from);
      const { person, siteId, session } = await edge.gate.setUp({
        unit: body.unit,
        name: body.name,
        password: body.password,
        site: body.site ?? body.unit,
        from,
        agent: agentOf(request.headers['user-agent']),
        firstSite: (trx, grant, name) => routes.firstSite(trx, grant, name, body.timeZone),
      });
      written();
      if (body.founding) await issueFounding(edge, session.token, from);
      giveCookie(reply, routes, session.token);
      return { person: { id: person.id, name: person.name }, siteId };
    },
  });
}

/** The wizard said so, visibly; the gate and the ledger are asked like by any later call. */
async function issueFounding(edge: Edge, token: string, from: string): Promise<void> {
  const who = await edge.gate.authenticate(token, from);
  const grant = await edge.gate.admit(who, 'permission.found', { kind: 'permission' });
  await change(
    edge,
    grant,
    (trx) => foundPermission(trx, grant),
    (id) => ({ subject: { kind: 'permission', id, name: who.name } }),
  );
  await edge.gate.book.changed([who.personId ?? '']);
}

function mountSigning(edge: Edge, routes: SessionRoutes): void {
  mount(edge, contract.signIn, {
    deed: 'session.open',
    handle: async ({ body, from, who: before, via, request, reply, written }) => {
      const agent = agentOf(request.headers['user-agent']);
      const token = body.token === true;
      const at = consoleAt(edge, request, routes.isSecure);
      const { who, session } = await edge.gate.signIn({ ...body, token, from, agent, at });
      written();
      // The browser forgets the token it had: a session that nobody can end by hand must not live on.
      if (via === 'cookie' && isWho(before)) await edge.gate.signOut(before, 'this');
      giveCookie(reply, routes, session.token);
      const me = await meOf(edge, who, routes);
      return { me, expires: me.expires, ...(token ? { token: session.token } : {}) };
    },
  });
  mount(edge, contract.signOut, {
    deed: 'session.close',
    handle: async ({ who, reply, written }) => {
      await edge.gate.signOut(who, 'this');
      written();
      takeCookie(reply, routes);
      return {};
    },
  });
  mount(edge, contract.signOutEverywhere, {
    deed: 'session.close',
    handle: async ({ who, reply, written }) => {
      const ended = await edge.gate.signOut(who, 'all');
      written();
      takeCookie(reply, routes);
      return { ended: ended.length };
    },
  });
}

function mountOwn(edge: Edge, routes: SessionRoutes): void {
  mount(edge, contract.session, { handle: ({ who }) => meOf(edge, who, routes) });
  mount(edge, contract.sessions, {
    handle: async ({ who }) => {
      const rows = await edge.gate.sessionsOf(who);
      const items = rows.map((row) => ({
        id: row.id,
        since: rfc3339(row.created.getTime()),
        lastSeen: rfc3339(row.last_seen.getTime()),
        expires: rfc3339(row.expires.getTime()),
        from: row.from_address,
        agent: row.agent,
        current: row.id === who.sessionId,
        ...{ kind: row.kind, strong: row.strong, name: row.name },
      }));
      return { items };
    },
  });
  mount(edge, contract.changePassword, {
    deed: 'password.change',
    handle: async ({ who, body, written }) => {
      await edge.gate.changePassword(who, body.present, body.next);
      written();
      return {};
    },
  });
}

async function meOf(edge: Edge, who: Who, routes: SessionRoutes) {
  const unit = await edge.gate.unit();
  const { inert, founding, clearedUntil } = await findPerson(
    edge.db.kysely,
    who.personId,
    edge.clock.wallMs(),
  );
  return {
    id: who.personId,
    name: who.name,
    displayName: who.displayName,
    roles: [...who.roles],
    unit: unit?.name ?? '',
    may: edge.gate.may(who),
    csrf: who.csrf,
    expires: rfc3339(who.sessionEndsMs),
    demo: routes.demo,
    inert,
    owesSecond: who.principal.owesSecond === true,
    foundingUntil: founding ? clearedUntil : null,
  };
}

/** What the browser says it is, without anything that could break a line of a log or a table. */
const agentOf = (header: string | undefined): string => (header ?? '').replace(/\p{Cc}/gu, ' ').slice(0, 200);

function giveCookie(reply: FastifyReply, routes: SessionRoutes, token: string): void {
  reply.header('set-cookie', cookie(token, routes.isSecure));
}

function takeCookie(reply: FastifyReply, routes: SessionRoutes): void {
  reply.header('set-cookie', `${cookie('', routes.isSecure)}; Max-Age=0`);
}

/** Without an age: it goes with the browser's session, and the server ends it in any case. */
const cookie = (value: string, isSecure: boolean): string =>
  `${cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
