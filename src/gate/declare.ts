/** The declaration of the set-up once more, by whoever holds the machine: the way back in when all records ran out. */
import { type ChangeAt, change } from './change.ts';
import type { Gate } from './gate.ts';
import { fold } from './passwords.ts';
import { addFounding } from './person-records.ts';

/** The last day on which the person works by it; null: there is no active person of that name. */
export async function declareAgain(
  at: ChangeAt & { readonly gate: Gate },
  name: string,
  reason: string,
): Promise<string | null> {
  const found = await at.db.kysely
    .selectFrom('person')
    .select(['id', 'name'])
    .where('name_folded', '=', fold(name))
    .where('active', '=', true)
    .executeTakeFirst();
  if (!found) return null;
  const grant = at.gate.systemGrant('person.configure', { kind: 'person', id: found.id, name: found.name });
  return change(
    at,
    grant,
    (trx) => addFounding(trx, grant, { personId: found.id, said: reason }),
    (until) => ({ reason, detail: { declared: until, by: 'command' } }),
  );
}
