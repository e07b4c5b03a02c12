/**
 * Calls to the server, typed by the endpoint values of the contract. A "no" of the server becomes a `Problem` whose
 * sentence is taken from the catalogue in the reader's language, so that switching the language switches it too.
 */
import {
  type QueryClient,
  type UseQueryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { z } from 'zod';
import { type Endpoint, fill, gate, lawInWords, type Said } from '../../src/contract/index.ts';
import { refusals } from '../../src/contract/refusals.ts';
import { language, say } from './useWords.ts';
import { actionWords } from './words/actions.ts';
import { shellWords } from './words/shell.ts';

type Given<Key extends string, Schema> = Schema extends z.ZodType
  ? unknown extends z.input<Schema>
    ? unknown
    : object extends z.input<Schema>
      ? { readonly [K in Key]?: z.input<Schema> }
      : { readonly [K in Key]: z.input<Schema> }
  : unknown;

export type ArgsOf<E> =
  E extends Endpoint<infer P, infer Q, infer B, infer _R>
    ? Given<'params', P> & Given<'query', Q> & Given<'body', B>
    : never;
export type ReplyOf<E> =
  E extends Endpoint<infer _P, infer _Q, infer _B, infer R extends z.ZodType> ? z.output<R> : never;

type Rest<A> = object extends A ? [args?: A] : [args: A];

interface AnyArgs {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

export interface Because {
  readonly clause: string;
  readonly instrument?: string;
  readonly article?: string;
}

/** The server (or the way to it) said no. `code` is one of the catalogue, or `network.down`, `network.garbled`. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: string;
  readonly status: number;
  readonly values: Readonly<Record<string, string | number>>;
  readonly because: readonly Because[];

  constructor(
    code: string,
    status: number,
    values: Readonly<Record<string, string | number>> = {},
    because: readonly Because[] = [],
  ) {
    super(code);
    this.code = code;
    this.status = status;
    this.values = values;
    this.because = because;
  }

  /** The sentence in the present language. */
  get sentence(): string {
    return sayRefusal(this.code, this.values, this.status);
  }
}

/** The sentence of any refusal code, e.g. of the `no` in a reply's `can`. */
export function sayRefusal(
  code: string,
  values: Readonly<Record<string, string | number>> = {},
  status = 0,
): string {
  if (code === 'network.down') return say(shellWords, 'network.down');
  const text: Said | undefined = (refusals as Readonly<Record<string, Said>>)[code];
  if (!text) return say(shellWords, 'network.garbled', { status });
  return fill(text[language()], inWords(values));
}

/** Names of actions and of laws are for programs; a person reads what they mean. */
function inWords(
  values: Readonly<Record<string, string | number>>,
): Readonly<Record<string, string | number>> {
  const { action, ...rest } = values;
  const said = lawInWords(rest, language());
  return action === undefined ? said : { ...said, action: sayAction(String(action)) };
}

export function sayAction(action: string): string {
  return action in actionWords.en ? say(actionWords, action as keyof typeof actionWords.en) : action;
}

/** What to show for anything that was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Problem) return error.sentence;
  return sayRefusal('network.down');
}

let csrf = '';
let signedOut: () => void = () => undefined;
/** Called when the server says that nobody is signed in (any more). */
export function onSignedOut(then: () => void): void {
  signedOut = then;
}

/** A server that holds a call longer than this is not coming back; a probe of a camera takes at most 15 s. */
const callTimeoutMs = 30_000;

/** `await call(collect.cameraById, { params: { id } })`; throws a `Problem`. */
export async function call<E extends Endpoint>(endpoint: E, ...[args]: Rest<ArgsOf<E>>): Promise<ReplyOf<E>> {
  return (await send(endpoint, (args ?? {}) as AnyArgs)) as ReplyOf<E>;
}

async function send(endpoint: Endpoint, args: AnyArgs, outer?: AbortSignal): Promise<unknown> {
  // After a reload the first call may be a change: the token is asked for before it.
  if (endpoint.method !== 'GET' && endpoint.action !== 'open' && csrf === '')
    await send(gate.session, {}, outer);
  const response = await fetchOrProblem(endpoint, args, outer);
  const text = await response.text();
  const reply = readJson(text, response.status);
  if (response.ok) {
    keepCsrf(endpoint, reply);
    return reply;
  }
  const problem = problemOf(reply, response);
  if (problem.code === 'session.needed' && endpoint !== gate.session) signedOut();
  throw problem;
}

async function fetchOrProblem(endpoint: Endpoint, args: AnyArgs, outer?: AbortSignal): Promise<Response> {
  const unsafe = endpoint.method !== 'GET';
  const headers: Record<string, string> = { accept: 'application/json', 'accept-language': language() };
  if (unsafe && csrf) headers['x-csrf'] = csrf;
  const body = unsafe && endpoint.body ? JSON.stringify(args.body ?? {}) : undefined;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const signals = [AbortSignal.timeout(callTimeoutMs), ...(outer ? [outer] : [])];
  try {
    return await fetch(urlOf(endpoint, args), {
      method: endpoint.method,
      headers,
      signal: AbortSignal.any(signals),
      // What is given back when a page is left must still arrive.
      keepalive: endpoint.method === 'DELETE',
      ...(body === undefined ? {} : { body }),
    });
  } catch (error) {
    if (outer?.aborted) throw error;
    throw new Problem('network.down', 0);
  }
}

function urlOf(endpoint: Endpoint, args: AnyArgs): string {
  const path = endpoint.path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(args.params?.[name])),
  );
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(args.query ?? {})) {
    if (value !== undefined && value !== '') query.set(key, String(value));
  }
  return query.size ? `${path}?${query}` : path;
}

function readJson(text: string, status: number): unknown {
  if (!text) return {};
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's error page, not ours.
    throw new Problem('network.garbled', status, { status });
  }
}

function problemOf(reply: unknown, response: Response): Problem {
  const said = reply as Partial<Pick<Problem, 'code' | 'values' | 'because'>>;
  if (typeof said.code !== 'string') {
    return new Problem('network.garbled', response.status, { status: response.status });
  }
  return new Problem(said.code, response.status, said.values ?? {}, said.because ?? []);
}

function keepCsrf(endpoint: Endpoint, reply: unknown): void {
  if (endpoint === gate.session) csrf = (reply as z.output<typeof gate.me>).csrf;
  if (endpoint === gate.signIn) csrf = (reply as { me: z.output<typeof gate.me> }).me.csrf;
}

/** The key under which a reply is kept: the endpoint's path first, so that `[path]` names all of its replies. */
export function keyOf(endpoint: Endpoint, args: unknown = {}): readonly unknown[] {
  return [endpoint.path, args];
}

type CallOptions<R> = Omit<UseQueryOptions<R, Problem>, 'queryKey' | 'queryFn'>;

/** A reply as a query: `const found = useCall(collect.cameras, { query: { site } })`. */
export function useCall<E extends Endpoint>(
  endpoint: E,
  args: ArgsOf<E>,
  options: CallOptions<ReplyOf<E>> = {},
) {
  return useQuery<ReplyOf<E>, Problem>({
    queryKey: keyOf(endpoint, args),
    queryFn: async ({ signal }) => (await send(endpoint, args as AnyArgs, signal)) as ReplyOf<E>,
    ...options,
  });
}

/** A change: `const pause = useChange(collect.pauseCamera, [collect.cameras]); pause.mutate({ params, body })`. */
export function useChange<E extends Endpoint>(endpoint: E, makesStale: readonly Endpoint[] = []) {
  const client = useQueryClient();
  return useMutation<ReplyOf<E>, Problem, ArgsOf<E>>({
    mutationFn: async (args) => (await send(endpoint, args as AnyArgs)) as ReplyOf<E>,
    onSuccess: () => forget(client, makesStale),
  });
}

export async function forget(client: QueryClient, endpoints: readonly Endpoint[]): Promise<void> {
  await Promise.all(endpoints.map((each) => client.invalidateQueries({ queryKey: [each.path] })));
}

/** One item of whatever lists of it were read: something to show until it is read itself. */
export function listed<E extends Endpoint>(
  client: QueryClient,
  list: E,
  id: string,
): (ReplyOf<E> extends { items: (infer I)[] } ? I : never) | undefined {
  const lists = client.getQueriesData<{ items: { id: string }[] }>({ queryKey: [list.path] });
  const item = lists.flatMap(([, reply]) => reply?.items ?? []).find((each) => each.id === id);
  return item as ReturnType<typeof listed<E>>;
}

export type Me = z.output<typeof gate.me>;
