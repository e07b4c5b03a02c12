/** The tables of what is known of persons beside their account, as Kysely sees them. */
import type { Generated } from 'kysely';

/** Written by `gate/`. */
export interface PersonRecordTable {
  id: string;
  person_id: string;
  kind: string;
  on_day: string;
  until_day: string;
  ends: Date;
  score: number | null;
  said: string;
  written: Date;
  written_by: string;
  writer_id: string | null;
  ended: Generated<Date | null>;
  ended_by: Generated<string | null>;
  ended_reason: Generated<string | null>;
}
