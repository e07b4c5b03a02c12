/** An entry as its row in the database. */
import type { Entry } from './entry.ts';

export const rowOf = (entry: Entry) => ({
  at: new Date(entry.atMs),
  actor_id: entry.actor.personId,
  actor: entry.actor.name,
  session_id: entry.actor.sessionId,
  from_address: entry.actor.from,
  action: entry.action,
  outcome: entry.outcome,
  code: entry.code ?? null,
  subject_kind: entry.subject?.kind ?? null,
  subject_id: entry.subject?.id ?? null,
  subject_name: entry.subject?.name ?? null,
  reason: entry.reason ?? null,
  detail: JSON.stringify(entry.detail ?? {}),
});
