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

/** Written by `gate/`, only once it was proved. */
export interface SecondFactorTable {
  id: string;
  person_id: string;
  kind: 'totp' | 'passkey';
  name: string;
  created: Date;
  last_used: Generated<Date | null>;
  secret_sealed: Generated<Uint8Array | null>;
  last_step: Generated<number | null>;
  credential_id: Generated<Uint8Array | null>;
  public_key: Generated<Uint8Array | null>;
  algorithm: Generated<number | null>;
  sign_count: Generated<number | null>;
  ended: Generated<Date | null>;
  ended_why: Generated<string | null>;
}

/** Written by `gate/`. */
export interface RecoveryCodeTable {
  person_id: string;
  digest: Uint8Array;
  created: Date;
  used: Generated<Date | null>;
}

/** Written by `gate/`. */
export interface RecoveryTable {
  id: string;
  person_id: string;
  reason: string;
  asked: Date;
  asked_by: string;
  approved: Generated<Date | null>;
  approved_by: Generated<string | null>;
  code_digest: Generated<Uint8Array | null>;
  expires: Date;
  used: Generated<Date | null>;
}
