/** Who may watch what live, until when; cuts whoever may no longer. */
import { type Clock, Fault } from '../../base/index.ts';
import type { Fact, Ticket, TicketId } from '../engine.ts';
import type { Delivered } from '../ipc.ts';

type LiveTicket = Extract<Ticket, { kind: 'live' }>;
type Why = Extract<Fact, { kind: 'viewer-left' }>['why'];

/** What a ticket's connection looks like from here. */
export interface Watching {
  readonly deliveredS: number;
  readonly droppedPictures: number;
  /** Ends the connection at once. */
  cut(): void;
}

interface Held {
  ticket: LiveTicket;
  watching: Watching | null;
  /** Of connections that are over. */
  deliveredS: number;
  droppedPictures: number;
  cutBecause: Why | null;
}

/** Far above what the views of one machine's persons can be. */
const maxTickets = 4_096;

export class TicketBook {
  readonly #held = new Map<TicketId, Held>();
  readonly #clock: Clock;
  readonly #emit: (fact: Fact) => void;

  constructor(clock: Clock, emit: (fact: Fact) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  admit(ticket: Ticket): void {
    if (ticket.kind !== 'live') throw new Fault('an intake serves live tickets only');
    const known = this.#held.get(ticket.id);
    if (known) known.ticket = ticket;
    else if (this.#held.size >= maxTickets) throw new Fault('too many tickets', { retry: true });
    else {
      const nothing = { watching: null, deliveredS: 0, droppedPictures: 0, cutBecause: null };
      this.#held.set(ticket.id, { ticket, ...nothing });
    }
  }

  extend(id: TicketId, expiresAtMs: number): void {
    const held = this.#held.get(id);
    if (held) held.ticket = { ...held.ticket, expiresAtMs };
  }

  revoke(id: TicketId, why: Why = 'revoked'): void {
    const held = this.#held.get(id);
    if (!held) return;
    this.#held.delete(id);
    held.cutBecause = why;
    held.watching?.cut();
  }

  /** Twice a second. */
  expire(): void {
    const nowMs = this.#clock.wallMs();
    for (const [id, held] of this.#held) if (held.ticket.expiresAtMs <= nowMs) this.revoke(id, 'expired');
  }

  /** The ticket, if it is good now. */
  find(id: TicketId): LiveTicket | null {
    const held = this.#held.get(id);
    return held && held.ticket.expiresAtMs > this.#clock.wallMs() ? held.ticket : null;
  }

  /** A connection for this ticket begins; an older one of the same ticket ends. Returns what to call at its end. */
  join(id: TicketId, watching: Watching): () => void {
    const held = this.#held.get(id);
    if (!held) throw new Fault('no such ticket');
    const before = held.watching;
    held.watching = watching;
    before?.cut();
    this.#emit({ kind: 'viewer-joined', ticket: id, atMs: this.#clock.wallMs() });
    return () => this.#leave(id, held, watching);
  }

  delivered(): Delivered[] {
    const all: Delivered[] = [];
    for (const [ticket, held] of this.#held) if (held.watching) all.push({ ticket, ...sum(held) });
    return all;
  }

  #leave(ticket: TicketId, held: Held, watching: Watching): void {
    held.deliveredS += watching.deliveredS;
    held.droppedPictures += watching.droppedPictures;
    // Replaced by a newer connection of the same ticket: the view goes on.
    if (held.watching !== watching) return;
    held.watching = null;
    const why = held.cutBecause ?? 'closed';
    this.#emit({ kind: 'viewer-left', ticket, atMs: this.#clock.wallMs(), ...sum(held), why });
  }
}

function sum(held: Held): { deliveredS: number; droppedPictures: number } {
  const deliveredS = held.deliveredS + (held.watching?.deliveredS ?? 0);
  return {
    deliveredS: Math.round(deliveredS * 100) / 100,
    droppedPictures: held.droppedPictures + (held.watching?.droppedPictures ?? 0),
  };
}
