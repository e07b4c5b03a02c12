/** Who may look at what was recorded, until when, and how much of it they were given; cuts whoever may no longer. */
import { type Clock, Fault, refuse } from '../../base/index.ts';
import type { Fact, Ticket, TicketId } from '../engine.ts';
import type { Delivered } from '../ipc.ts';
import type { Plan } from './plan.ts';

export type PlaybackTicket = Extract<Ticket, { kind: 'playback' }>;
type Why = Extract<Fact, { kind: 'viewer-left' }>['why'];

/** A player, or a download of some bytes: both end by `cut`. */
export interface Connection {
  cut(): void;
}

export interface Held {
  ticket: PlaybackTicket;
  readonly connections: Set<Connection>;
  /** The newest plans; older ones are forgotten, their bytes with them. */
  readonly plans: Map<string, Plan>;
  deliveredS: number;
  /** Said to have joined, and not yet to have left. */
  isThere: boolean;
  leaving: NodeJS.Timeout | null;
  cutBecause: Why | null;
}

const maxTickets = 4_096;
/** A browser fetches by six connections at the most; a player is one more. */
const maxConnections = 16;
const maxPlans = 4;
/** In all plans together: about 50 MB. More, and the oldest plan of anyone is forgotten and must be asked for anew. */
const maxFragments = 250_000;
/** Downloads and HLS come in many short connections: they are one visit. */
const lingerMs = 3_000;

export class TicketBook {
  readonly #held = new Map<TicketId, Held>();
  readonly #planned: { readonly held: Held; readonly plan: Plan }[] = [];
  readonly #clock: Clock;
  readonly #emit: (fact: Fact) => void;

  constructor(clock: Clock, emit: (fact: Fact) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  admit(ticket: Ticket): void {
    if (ticket.kind !== 'playback') throw new Fault('the reader serves playback tickets only');
    const known = this.#held.get(ticket.id);
    if (known !== undefined) {
      known.ticket = ticket;
      return;
    }
    if (this.#held.size >= maxTickets) throw new Fault('too many tickets', { retry: true });
    const nothing = { deliveredS: 0, isThere: false, leaving: null, cutBecause: null };
    this.#held.set(ticket.id, { ticket, connections: new Set(), plans: new Map(), ...nothing });
  }

  extend(id: TicketId, expiresAtMs: number): void {
    const held = this.#held.get(id);
    if (held !== undefined) held.ticket = { ...held.ticket, expiresAtMs };
  }

  revoke(id: TicketId, why: Why = 'revoked'): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    for (let i = this.#planned.length - 1; i >= 0; i--)
      if (this.#planned[i]!.held === held) this.#planned.splice(i, 1);
    held.cutBecause = why;
    for (const connection of held.connections) connection.cut();
    if (held.leaving !== null) this.#left(held);
  }

  revokeAll(why: Why): void {
    for (const id of [...this.#held.keys()]) this.revoke(id, why);
  }

  /** Twice a second. */
  expire(): void {
    const nowMs = this.#clock.wallMs();
    for (const [id, held] of this.#held) if (held.ticket.expiresAtMs <= nowMs) this.revoke(id, 'expired');
  }

  /** What a ticket that is good now holds; refuses `view.expired` otherwise. */
  find(id: TicketId): Held {
    const held = this.#held.get(id);
    if (held === undefined || held.ticket.expiresAtMs <= this.#clock.wallMs()) refuse('view.expired');
    return held;
  }

  keepPlan(held: Held, plan: Plan): void {
    held.plans.set(plan.file.id, plan);
    this.#planned.push({ held, plan });
    const isOver = (): boolean =>
      held.plans.size > maxPlans ||
      this.#planned.reduce((sum, one) => sum + one.plan.fragments.length, 0) > maxFragments;
    while (isOver() && this.#planned.length > 1) {
      const mine = held.plans.size > maxPlans;
      const oldest = this.#planned.findIndex((one) => !mine || one.held === held);
      for (const gone of this.#planned.splice(oldest, 1)) gone.held.plans.delete(gone.plan.file.id);
    }
  }

  /** A connection begins; returns what to call at its end. */
  join(held: Held, connection: Connection): () => void {
    if (held.connections.size >= maxConnections) throw new Fault('too many connections for one ticket');
    held.connections.add(connection);
    if (held.leaving !== null) clearTimeout(held.leaving);
    held.leaving = null;
    if (!held.isThere)
      this.#emit({ kind: 'viewer-joined', ticket: held.ticket.id, atMs: this.#clock.wallMs() });
    held.isThere = true;
    return () => this.#leave(held, connection);
  }

  delivered(): Delivered[] {
    const all: Delivered[] = [];
    for (const [ticket, held] of this.#held)
      if (held.isThere) all.push({ ticket, deliveredS: rounded(held.deliveredS), droppedPictures: 0 });
    return all;
  }

  #leave(held: Held, connection: Connection): void {
    if (!held.connections.delete(connection) || held.connections.size > 0) return;
    if (held.cutBecause !== null) this.#left(held);
    else held.leaving = setTimeout(() => this.#left(held), lingerMs);
  }

  #left(held: Held): void {
    if (held.leaving !== null) clearTimeout(held.leaving);
    held.leaving = null;
    if (!held.isThere) return;
    held.isThere = false;
    const deliveredS = rounded(held.deliveredS);
    const why = held.cutBecause ?? 'closed';
    const atMs = this.#clock.wallMs();
    this.#emit({ kind: 'viewer-left', ticket: held.ticket.id, atMs, deliveredS, droppedPictures: 0, why });
  }
}

const rounded = (seconds: number): number => Math.round(seconds * 100) / 100;
