/**
 * The HTTP server: one origin and one port for console, API, media and metrics. What every request meets before it
 * reaches a route stands here: limits, headers, host, rate; and how errors leave.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Transaction } from 'kysely';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { type Clock, Fault, type Log, newCode, newId, Refusal, sayError } from '../base/index.ts';
import { type Action, type Endpoint, govern } from '../contract/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { addressKey, type Gate, type Grant, type Subject, sameSecret } from '../gate/index.ts';
import { mountAccount } from './account.ts';
import { addressOf, calledBy, checkHost, hostOf, inUrl, isLoopback } from './caller.ts';
import { ConsoleFiles, dataPolicy, mountConsole } from './console.ts';
import { contractEndpoints, openApi } from './openapi.ts';
import { mountPeople } from './people.ts';
import { mountPermissions } from './permissions.ts';
import { mountLedger, mountPersons } from './persons.ts';
import { headersOf, languageOf, problemOf, refusalOfFastify } from './problem.ts';
import { Rate } from './rate.ts';
import { type Edge, mount } from './route.ts';
import { mountSessions } from './sessions.ts';
import { type StreamSource, Streams } from './stream.ts';
import { type UpgradeHandler, Upgrades } from './upgrades.ts';

export interface ServerOptions {
  readonly db: Database;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  /** Address to listen on; off loopback TLS is needed, here or in a proxy. */
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  /** A proxy before us ends TLS; its last `X-Forwarded-*` are believed. */
  readonly behindProxy: boolean;
  /** Opens `/metrics` off loopback, as a bearer token. */
  readonly metricsToken?: string | undefined;
  /** The built console; null serves none. */
  readonly consoleDir: string | null;
  readonly demo: boolean;
  readonly version: string;
  readonly health: () => 'ok' | 'degraded' | 'down';
  /** Makes the first site inside of the set-up's transaction. */
  readonly firstSite: (
    trx: Transaction<Tables>,
    grant: Grant<'site.configure'>,
    name: string,
    timeZone: string,
  ) => Promise<string>;
  /** Holds every reply against its schema. */
  readonly checkReplies?: boolean | undefined;
}

export interface Server extends Edge, AsyncDisposable {
  readonly metrics: Registry;
  /** Null on loopback and after the set-up. */
  readonly setupCode: string | null;
  /** Whose request this is: for media doors, which are not endpoints of the contract. */
  readonly calledBy: (request: IncomingMessage) => ReturnType<typeof calledBy>;
  onUpgrade(pathPrefix: string, handler: UpgradeHandler): void;
  /** Server-sent events: authenticated, admitted, bounded, ended with the session. */
  stream(path: string, action: Action, subject: Subject, source: StreamSource): void;
  /** Endpoints of the contract that nothing serves, by name. */
  uncovered(): string[];
  /** Begins to answer; returns the URL, with the port that was found. */
  listen(): Promise<string>;
}

const maxBodyBytes = 1024 * 1024;
const maxConnections = 4096;
/** Generous: a wall of 64 cameras opens 64 views in one go. Guessing at passwords is throttled apart. */
const maxRequestsPerMinute = 3000;
/** Players fetch ranges and segments; a refused one still costs a row in the ledger, so this has a bound too. */
const maxMediaRequestsPerMinute = 30_000;
const maxUpgradesPerMinute = 1000;
const graceMs = 3000;

export async function createServer(options: ServerOptions): Promise<Server> {
  checkPlain(options);
  const around = { host: options.host, behindProxy: options.behindProxy };
  const app = openFastify(options);
  const edge: Edge = {
    app,
    gate: options.gate,
    db: options.db,
    clock: options.clock,
    log: options.log.child({ part: 'http' }),
    around,
    checkReplies: options.checkReplies ?? false,
    mounted: new Set<Endpoint>(),
  };
  await protect(edge, options);
  answerErrors(edge);
  const metrics = mountMetrics(edge, options);
  const isReachable = !isLoopback(options.host) || options.behindProxy;
  const setupCode = isReachable && (await options.gate.unit()) === null ? newCode(2) : null;
  const isSecure = options.tls !== undefined || options.behindProxy;
  mountAccount(edge, { isSecure });
  mountSessions(edge, {
    isSecure,
    demo: options.demo,
    setupCode,
    firstSite: options.firstSite,
  });
  mountPersons(edge);
  mountPeople(edge);
  mountPermissions(edge);
  mountLedger(edge);
  mountOpen(edge, options);
  mountConsole(app, new ConsoleFiles(options.consoleDir), (request) => hostOf(request.headers, around));
  return compose(edge, options, { metrics, setupCode });
}

function compose(
  edge: Edge,
  options: ServerOptions,
  made: { metrics: Registry; setupCode: string | null },
): Server {
  const upgrades = new Upgrades(edge.log);
  const streams = new Streams(edge);
  const rate = new Rate(maxUpgradesPerMinute, edge.clock);
  const uncovered = () =>
    [...contractEndpoints()].filter(([, endpoint]) => !edge.mounted.has(endpoint)).map(([name]) => name);
  upgrades.listen(edge.app.server as HttpServer, (request) => {
    checkHost(request.headers, edge.around);
    rate.count(addressKey(addressOf(request, edge.around)));
  });
  return {
    ...edge,
    ...made,
    calledBy: (request) => calledBy(edge.gate, request, edge.around),
    onUpgrade: (prefix, handler) => upgrades.on(prefix, handler),
    stream: (path, action, subject, source) => streams.mount(path, action, subject, source),
    uncovered,
    listen: async () => {
      const missing = uncovered();
      if (missing.length > 0) edge.log.warn({ missing }, 'endpoints of the contract are not served');
      await edge.app.listen({ host: options.host, port: options.port, backlog: 511 });
      if (made.setupCode !== null) process.stderr.write(`set-up code / 设置码: ${made.setupCode}\n`);
      const { port } = edge.app.server.address() as AddressInfo;
      return `${options.tls ? 'https' : 'http'}://${inUrl(options.host)}:${port}`;
    },
    [Symbol.asyncDispose]: async () => {
      streams[Symbol.dispose]();
      upgrades[Symbol.dispose]();
      await closeWithin(edge.app, graceMs);
    },
  };
}

/** New connections are refused at once, replies under way get the time, then everything is cut. */
async function closeWithin(app: FastifyInstance, ms: number): Promise<void> {
  const cut = setTimeout(() => (app.server as HttpServer).closeAllConnections(), ms);
  await app.close();
  clearTimeout(cut);
}

/** Passwords and footage do not cross a network in the clear. */
function checkPlain(options: ServerOptions): void {
  if (options.tls || options.behindProxy || isLoopback(options.host)) return;
  throw new Fault(
    `plain HTTP is served on loopback only, and ${options.host} is not: ` +
      'give --tls-cert and --tls-key, or --behind-proxy when a proxy ends TLS',
  );
}

function openFastify(options: ServerOptions): FastifyInstance {
  const common = {
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    connectionTimeout: 0,
    // A reply under way may finish; `closeWithin` bounds it.
    forceCloseConnections: 'idle' as const,
    routerOptions: { maxParamLength: 200 },
    return503OnClosing: true,
  };
  const limits = { maxHeaderSize: 16 * 1024, headersTimeout: 15_000 };
  const app = options.tls
    ? Fastify({
        ...common,
        https: { ...limits, cert: options.tls.cert, key: options.tls.key, minVersion: 'TLSv1.2' },
      })
    : Fastify({ ...common, http: limits });
  app.server.maxConnections = maxConnections;
  return app as unknown as FastifyInstance;
}

async function protect(edge: Edge, options: ServerOptions): Promise<void> {
  const { app, around } = edge;
  app.addHook('onRequest', async (request, reply) => {
    // Pages of the console replace it by their own.
    reply.header('content-security-policy', dataPolicy);
    try {
      checkHost(request.headers, around);
    } catch (error) {
      const caller = edge.gate.anonymous(addressOf(request.raw, around));
      if (error instanceof Refusal) await edge.gate.refused(caller, 'open', null, error);
      throw error;
    }
  });
  await app.register(helmet, {
    contentSecurityPolicy: false,
    // Only where TLS is certain: on plain loopback the header would lock other local servers out.
    strictTransportSecurity: options.tls || options.behindProxy ? { maxAge: 31_536_000 } : false,
    // Not no-referrer: browsers then send `Origin: null` with some requests of our own console.
    referrerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  await app.register(rateLimit, {
    max: (request) => (isMedia(request) ? maxMediaRequestsPerMinute : maxRequestsPerMinute),
    timeWindow: 60_000,
    cache: 10_000,
    keyGenerator: (request) =>
      `${isMedia(request) ? 'media' : 'calls'} ${addressKey(addressOf(request.raw, around))}`,
    errorResponseBuilder: (_request, context) =>
      new Refusal('request.too-many', { seconds: Math.ceil(context.ttl / 1000) }),
  });
}

/** A witness that begins with an old ledger fetches all of its tiles, small files that never change. */
const isMedia = (request: FastifyRequest): boolean => /^\/(media|ledger\/tile)\//.test(request.url);

function answerErrors(edge: Edge): void {
  edge.app.setErrorHandler(async (error, request, reply) => {
    const refusal =
      error instanceof Refusal ? error : (refusalOfFastify(error as object) ?? faultOf(edge, error, request));
    const language = languageOf(request.headers['accept-language']);
    const problem = problemOf(refusal, language);
    return reply
      .status(problem.status)
      .headers(headersOf(refusal))
      .header('content-language', language)
      .header('vary', 'accept-language')
      .type('application/problem+json; charset=utf-8')
      .send(JSON.stringify(problem));
  });
}

/** The outside learns an id, the log the rest; a fault that passes by itself says so. */
function faultOf(edge: Edge, error: unknown, request: FastifyRequest): Refusal {
  const id = newId('flt', edge.clock.wallMs());
  const route = request.routeOptions.url ?? 'none';
  const stack = error instanceof Error ? error.stack : undefined;
  edge.log.error({ id, method: request.method, route, error: sayError(error), stack }, 'a request failed');
  return error instanceof Fault && error.retry
    ? new Refusal('system.restarting')
    : new Refusal('internal.fault', { id });
}

function mountMetrics(edge: Edge, options: ServerOptions): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: 'custos_http_request_seconds',
    help: 'Duration of HTTP requests, by route and status class',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10],
    registers: [registry],
  });
  edge.app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'console';
    const status = `${Math.floor(reply.statusCode / 100)}xx`;
    seconds.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
  });
  edge.app.get('/metrics', async (request, reply) => {
    if (!mayReadMetrics(request, options, edge)) throw new Refusal('request.unknown');
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  return registry;
}

/** Figures name no person and no camera's picture, but they are not for everyone. */
function mayReadMetrics(request: FastifyRequest, options: ServerOptions, edge: Edge): boolean {
  const sent = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (sent !== undefined) return options.metricsToken !== undefined && sameSecret(sent, options.metricsToken);
  return !edge.around.behindProxy && isLoopback(addressOf(request.raw, edge.around));
}

function mountOpen(edge: Edge, options: ServerOptions): void {
  mount(edge, govern.health, {
    handle: ({ reply }) => {
      const status = options.health();
      if (status === 'down') reply.status(503);
      return { status };
    },
  });
  // Made when it is first asked for: every start would wait half a second for what few ever read.
  let page: string | undefined;
  edge.app.get('/api/openapi.json', (_request, reply) => {
    page ??= JSON.stringify(openApi(options.version), null, 2);
    return reply.type('application/json; charset=utf-8').send(page);
  });
}
