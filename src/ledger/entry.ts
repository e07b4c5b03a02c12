/** An entry of the ledger: who did or was refused what, on what, why; and its one canonical form. */

/** Who acts, as the ledger writes it down: a person in a session, someone not signed in, or the system itself. */
export interface Actor {
  readonly personId: string | null;
  /** The person's sign-in name, `system` or `anonymous`. */
  readonly name: string;
  readonly sessionId: string | null;
  /** The address the call came from; `local` for the system itself. */
  readonly from: string;
}

export interface EntrySubject {
  readonly kind: string;
  readonly id?: string | null | undefined;
  readonly name?: string | null | undefined;
}

export interface Entry {
  readonly atMs: number;
  readonly actor: Actor;
  readonly action: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  /** The refusal's code; needed when refused. */
  readonly code?: string | null | undefined;
  readonly subject?: EntrySubject | null | undefined;
  readonly reason?: string | null | undefined;
  /** JSON; never a secret. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export const system: Actor = { personId: null, name: 'system', sessionId: null, from: 'local' };

/**
 * The bytes a Merkle leaf will be made of: JSON with sorted keys and no blanks (RFC 8785 for the values we write),
 * so that the same row gives the same bytes on every machine, whatever order jsonb returns its keys in.
 */
export function canonicalEntry(seq: number, entry: Entry): string {
  return canonicalJson({
    seq,
    at: new Date(entry.atMs).toISOString(),
    actor: { id: entry.actor.personId, name: entry.actor.name },
    session: entry.actor.sessionId,
    from: entry.actor.from,
    action: entry.action,
    outcome: entry.outcome,
    code: entry.code ?? null,
    subject: entry.subject
      ? { kind: entry.subject.kind, id: entry.subject.id ?? null, name: entry.subject.name ?? null }
      : null,
    reason: entry.reason ?? null,
    detail: entry.detail ?? {},
  });
}

/** Keys sorted by UTF-16 code units, as RFC 8785 asks; an `undefined` member is left out, as JSON does. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
