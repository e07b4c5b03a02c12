/** The tables of permissions, delegations and shifts as Kysely sees them; their manual is `schema.sql`. */
import type { Generated } from 'kysely';

/** Written by `gate/`. */
export interface PermissionTable {
  id: string;
  kind: 'asked' | 'founding' | 'emergency';
  state: 'asked' | 'refused' | 'withdrawn' | 'issued' | 'revoked' | 'ended';
  revision: Generated<number>;
  person_id: string;
  actions: ('live' | 'playback' | 'still' | 'export')[];
  whole_unit: boolean;
  sites: string[];
  cameras: string[];
  look_back_h: number;
  from_minute: number | null;
  to_minute: number | null;
  time_zone: string;
  purpose: string;
  reason: string;
  necessity: string;
  asked_by: string;
  asked: Date;
  starts: Date;
  ends: Date;
  replaces: string | null;
  decided_by: string | null;
  decided_for: string | null;
  decided: Date | null;
  decision_note: string | null;
  ended: Date | null;
  ended_by: string | null;
  ended_why: string | null;
  recertify_by: Date | null;
  recertified_by: string | null;
  event: string | null;
  event_level: number | null;
  review: string | null;
  reviewed_by: string | null;
  reviewed: Date | null;
}

/** Written by `gate/`. */
export interface DelegationTable {
  id: string;
  from_person: string;
  to_person: string;
  starts: Date;
  ends: Date;
  reason: string;
  made: Date;
  ended: Date | null;
}

/** Written by `display/`. */
export interface ShiftTable {
  id: string;
  person_id: string;
  session_id: string;
  post: string;
  began: Date;
  ends: Date;
  ended: Date | null;
  ended_why: string | null;
  note: string | null;
}
