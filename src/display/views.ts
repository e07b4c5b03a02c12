/**
 * Views: the only way to footage. A view is one person's, one session's and one camera's; its ticket is short-lived,
 * is renewed by the running player while the gate still permits, and dies with the session. Tickets are in memory, and
 * none outlives the process; the rows are the use register.
 */
import { type Clock, type Log, newId, Refusal, refuse } from '../base/index.ts';
import type { Camera, CameraStates } from '../collect/index.ts';
import { sourceId } from '../collect/index.ts';
import type { Database } from '../db/index.ts';
import type { Engine, Fact, FilePlan, Ticket } from '../engine/index.ts';
import { change, type Ended, type Gate, type Grant, type Who } from '../gate/index.ts';
import { isRecordedIn } from '../law/index.ts';
import { type Chosen, chooseLive, plays } from './choose.ts';
import { runningShift } from './shifts.ts';
import { UseRegister } from './use-register.ts';
import { subjectOfView, type View, type ViewEnd } from './view.ts';

export interface ViewsOptions {
  readonly db: Database;
  readonly engine: Engine;
  readonly gate: Gate;
  readonly states: CameraStates;
  readonly clock: Clock;
  readonly log: Log;
  readonly hasFfmpeg: boolean;
  /** Codec of what is stored of a camera in a span; null when nothing is. */
  readonly storedCodec: (cameraId: string, fromMs: number, toMs: number) => Promise<string | null>;
}

export interface Wish {
  readonly kind: 'live' | 'playback';
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly purpose: string;
  readonly forWhom: string | null;
  readonly authority: string | null;
  readonly stream: 'main' | 'sub' | 'auto';
  readonly h265: boolean;
}

const lifeMs = 10 * 60_000;
const limits = { live: 64, playback: 16 } as const;
const maxHours = 32 * 24;
/** Half of the second within which whoever may no longer look sees nothing more. */
const sweepEveryMs = 500;
/** Ended views are remembered so long as their last figures may still come, and "expired" is the better answer. */
const maxEnded = 2_000;
/** A player has one; a page that is loaded again, for a moment two. */
const maxSockets = 3;

export class Views implements AsyncDisposable {
  readonly #at: ViewsOptions;
  readonly #open = new Map<string, View>();
  readonly #ended = new Map<string, { view: View; why: ViewEnd }>();
  readonly #register: UseRegister;
  readonly #sweeper: NodeJS.Timeout;
  readonly #stopListening: () => void;

  constructor(options: ViewsOptions) {
    this.#at = options;
    this.#register = new UseRegister(options);
    this.#sweeper = setInterval(() => this.#sweep(), sweepEveryMs);
    this.#sweeper.unref();
    const stops = [
      options.gate.onEnded((ended) => this.#sessionsEnded(ended)),
      options.gate.book.onChange((personIds) => this.#permissionsChanged(new Set(personIds))),
    ];
    this.#stopListening = () => {
      for (const stop of stops) stop();
    };
  }

  /** Views of an earlier run have no ticket any more. */
  async start(): Promise<void> {
    const now = new Date(this.#at.clock.wallMs());
    await this.#at.db.kysely
      .updateTable('view')
      .set({ ended: now, ended_why: 'restart' })
      .where('ended', 'is', null)
      .execute();
  }

  /** The row, its line in the ledger, then the ticket. */
  async open(
    who: Who,
    grant: Grant<'view.live' | 'view.playback'>,
    camera: Camera,
    wish: Wish,
  ): Promise<View> {
    if (wish.kind === 'live' && !isRecordedIn(camera.step))
      refuse('camera.not-in-use', { step: camera.step });
    const choice = await this.#choose(camera, wish);
    if ('refused' in choice) refuse('view.cannot-play', choice.refused);
    const shiftId = await this.#registeredBy(who, grant, wish);
    // From here to the map without a pause, so that a hundred calls at once do not pass the limit together.
    this.#checkLimit(who, wish.kind);
    const openedMs = this.#at.clock.wallMs();
    const view: View = {
      id: newId('view', openedMs),
      camera,
      who,
      kind: wish.kind,
      stream: choice.stream,
      fromMs: wish.fromMs,
      toMs: wish.toMs,
      ...{ purpose: wish.purpose, forWhom: wish.forWhom, authority: wish.authority, shiftId },
      transcoded: choice.transcoded,
      openedMs,
      expiresMs: Math.min(openedMs + lifeMs, grant.terms.permissionEndsMs ?? Number.POSITIVE_INFINITY),
      deliveredS: 0,
      viewers: 0,
      plan: null,
      hasFile: false,
      permissionId: grant.terms.permissionId,
      purposeCode: grant.terms.purpose,
      cut: new AbortController(),
    };
    // What was permitted a moment ago may have been revoked since.
    this.#checkStill(view);
    this.#open.set(view.id, view);
    try {
      await change(
        this.#at,
        grant,
        (trx) => this.#register.opened(trx, view),
        () => account(view),
      );
      // The session may have ended while the row was written; then nobody may have the ticket.
      if (!this.#open.has(view.id)) this.#endedAtOnce(view);
      this.#at.engine.admit(ticketOf(view));
    } catch (error) {
      this.#open.delete(view.id);
      throw error;
    }
    return view;
  }

  /** The gate's obligation, carried out before the first frame: the form is complete, or a shift says it for all. */
  async #registeredBy(who: Who, grant: Grant, wish: Wish): Promise<string | null> {
    const { obligations } = grant.terms;
    if (obligations.includes('register-duty')) {
      const shift = await runningShift(this.#at.db.kysely, who, this.#at.clock.wallMs());
      if (shift) return shift.id;
    }
    if (obligations.length > 0 && wish.forWhom === null) refuse('view.for-whom');
    return null;
  }

  /** Its live pictures end with it: what is looked at after it says for itself why. */
  shiftEnded(shiftId: string): void {
    for (const view of [...this.#open.values()]) if (view.shiftId === shiftId) this.end(view, 'closed');
  }

  #endedAtOnce(view: View): never {
    this.#register.ended(view, 'revoked', this.#at.clock.wallMs());
    this.#checkStill(view);
    return refuse('session.needed');
  }

  #checkStill(view: View): void {
    const may = this.#mayStill(view);
    if (may !== true) refuse(may.no, { action: actionOf(view) });
  }

  #mayStill(view: View): true | { no: string } {
    return this.#at.gate.can(view.who, actionOf(view), subjectOfView(view));
  }

  /** The caller's own, running view; refuses everything else without saying whose it is. */
  find(id: string, who: Who): View {
    const view = this.#open.get(id);
    if (!view) {
      const ended = this.#ended.get(id);
      if (!ended || ended.view.who.personId !== who.personId) return refuse('view.unknown');
      return refuse('view.expired');
    }
    if (view.who.personId !== who.personId || view.who.sessionId !== who.sessionId) refuse('view.others');
    if (view.expiresMs <= this.#at.clock.wallMs()) refuse('view.expired');
    return view;
  }

  of(who: Who): View[] {
    return [...this.#open.values()].filter(
      (view) => view.who.personId === who.personId && view.who.sessionId === who.sessionId,
    );
  }

  /** For the engine's question what a ticket's span holds. */
  cameraOf(ticket: string): string | null {
    return this.#open.get(ticket)?.camera.id ?? null;
  }

  get count(): { live: number; playback: number } {
    const all = [...this.#open.values()];
    const live = all.filter((view) => view.kind === 'live').length;
    return { live, playback: all.length - live };
  }

  /** Keeps it open for another while; the gate has permitted anew. */
  async renew(view: View, grant: Grant<'view.live' | 'view.playback'>): Promise<number> {
    const untilMs = grant.terms.permissionEndsMs ?? Number.POSITIVE_INFINITY;
    const expiresMs = Math.min(this.#at.clock.wallMs() + lifeMs, untilMs);
    await this.#register.renewed(view.id, expiresMs);
    if (!this.#open.has(view.id)) refuse('view.expired');
    view.expiresMs = expiresMs;
    this.#at.engine.extend(view.id, expiresMs);
    return expiresMs;
  }

  end(view: View, why: ViewEnd): void {
    if (!this.#open.delete(view.id)) return;
    this.#remember(view, why);
    this.#at.engine.revoke(view.id);
    view.cut.abort(why);
    this.#register.ended(view, why, this.#at.clock.wallMs());
    // One that is watched says how much it was given when the engine has cut it.
    if (view.viewers === 0) this.#register.said(view, why, {});
  }

  /** One more socket on this view; the returned value gives the place back. */
  join(view: View): Disposable {
    if (view.viewers >= maxSockets) refuse('view.too-many', { limit: maxSockets });
    view.viewers++;
    return {
      [Symbol.dispose]: () => {
        view.viewers--;
      },
    };
  }

  /** Laid out once; what is recorded after that belongs to another view. */
  plan(view: View): Promise<FilePlan> {
    if (view.kind !== 'playback') throw new Refusal('view.recorded-only');
    view.plan ??= this.#at.engine.plan(view.id).catch((error: unknown) => {
      view.plan = null;
      throw error;
    });
    return view.plan;
  }

  /** A file of it was asked for; the register counts. */
  exported(view: View, bytes: number): void {
    this.#register.counted(view.id, { exports: 1, bytes });
  }

  isFirstFile(view: View): boolean {
    const isFirst = !view.hasFile;
    view.hasFile = true;
    return isFirst;
  }

  stilled(view: View): void {
    this.#register.counted(view.id, { stills: 1 });
  }

  hear(fact: Fact): void {
    if (fact.kind !== 'viewer-left') return;
    const view = this.#open.get(fact.ticket) ?? this.#ended.get(fact.ticket)?.view;
    if (!view) return;
    view.deliveredS = Math.max(view.deliveredS, fact.deliveredS);
    const { droppedPictures } = fact;
    this.#register.said(view, this.#ended.get(view.id)?.why ?? fact.why, { droppedPictures });
  }

  #checkLimit(who: Who, kind: 'live' | 'playback'): void {
    const own = [...this.#open.values()].filter(
      (view) => view.who.personId === who.personId && view.kind === kind,
    );
    if (own.length >= limits[kind]) refuse('view.too-many', { limit: limits[kind] });
  }

  async #choose(camera: Camera, wish: Wish): Promise<Chosen> {
    if (wish.kind === 'live') {
      const known = (kind: 'main' | 'sub') => this.#at.states.stream(camera.id, kind)?.codec ?? null;
      return chooseLive({
        wanted: wish.stream,
        main: known('main'),
        sub: camera.subUrl === null ? undefined : known('sub'),
        h265: wish.h265,
        noTranscode: this.#noTranscode(),
      });
    }
    const { fromMs, toMs } = wish;
    if (fromMs === null || toMs === null || fromMs >= toMs || toMs - fromMs > maxHours * 3_600_000)
      return refuse('view.range', { hours: maxHours });
    const codec = await this.#at.storedCodec(camera.id, fromMs, toMs);
    // A file of it can be had in any case; the player is told by the engine when no picture can be made.
    return { stream: 'main', transcoded: !plays(codec, wish.h265) };
  }

  #noTranscode(): string | null {
    if (!this.#at.hasFfmpeg) return 'FFmpeg';
    const { running, limit } = this.#at.engine.transcodes();
    return running < limit ? null : `${running}/${limit}`;
  }

  #sessionsEnded(ended: Ended): void {
    const sessions = new Set(ended.sessionIds);
    for (const view of [...this.#open.values()])
      if (sessions.has(view.who.sessionId)) this.end(view, 'revoked');
  }

  #permissionsChanged(personIds: ReadonlySet<string>): void {
    for (const view of [...this.#open.values()])
      if (personIds.has(view.who.personId) && this.#mayStill(view) !== true) this.end(view, 'revoked');
  }

  /** By the clock alone: a view that nobody renewed, a permission that is over, an hour of the day that has passed. */
  #sweep(): void {
    const nowMs = this.#at.clock.wallMs();
    for (const view of [...this.#open.values()])
      if (view.expiresMs <= nowMs || this.#mayStill(view) !== true) this.end(view, 'expired');
  }

  #remember(view: View, why: ViewEnd): void {
    this.#ended.set(view.id, { view, why });
    const oldest = this.#ended.size > maxEnded ? this.#ended.keys().next() : null;
    if (oldest && !oldest.done) this.#ended.delete(oldest.value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    this.#stopListening();
    for (const view of [...this.#open.values()]) this.end(view, 'engine');
    await this.#register[Symbol.asyncDispose]();
  }
}

const actionOf = (view: View) => `view.${view.kind}` as const;

function ticketOf(view: View): Ticket {
  const common = { id: view.id, expiresAtMs: view.expiresMs, transcode: view.transcoded };
  return view.kind === 'live'
    ? { ...common, kind: 'live', source: sourceId(view.camera.id, view.stream) }
    : { ...common, kind: 'playback', fromMs: view.fromMs ?? 0, toMs: view.toMs ?? 0 };
}

const account = (view: View) => ({
  reason: view.purpose,
  detail: {
    view: view.id,
    stream: view.stream,
    transcoded: view.transcoded,
    permission: view.permissionId,
    ...(view.forWhom === null ? {} : { forWhom: view.forWhom }),
    ...(view.authority === null ? {} : { authority: view.authority }),
    ...(view.shiftId === null ? {} : { shift: view.shiftId }),
    ...(view.kind === 'playback' ? { from: iso(view.fromMs), to: iso(view.toMs) } : {}),
  },
});

const iso = (ms: number | null): string => new Date(ms ?? 0).toISOString();
