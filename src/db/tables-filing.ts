/** The tables of filing and of the desk that receives filings, as Kysely sees them. All are written by `govern/`. */
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

export interface UnitFactsTable {
  one: Generated<boolean>;
  credit_code: string;
  address: string;
  legal_person: string;
  contact: string;
  phone: string;
  changed: Date;
  changed_by: string;
}

export interface SiteUseTable {
  site_id: string;
  organ: string;
  organ_key: string | null;
  used_since: string | null;
  stopped_on: string | null;
  stopped_why: string;
  changed: Date;
  changed_by: string;
}

/** Written by triggers, too. */
export interface FiledChangeTable {
  seq: GeneratedAlways<number>;
  at: Date;
  site_id: string | null;
  camera_id: string | null;
  field: string;
  value: ColumnType<unknown, string | null, never>;
}

export interface FilingDocumentTable {
  id: string;
  site_id: string;
  kind: string;
  name: string;
  on_day: string;
  bytes: Uint8Array;
  digest: Uint8Array;
  added: Date;
  added_by: string;
  ended: Date | null;
  ended_by: string | null;
  ended_reason: string | null;
}

export interface FilingTable {
  id: string;
  site_id: string;
  no: number;
  state: 'draft' | 'submitted' | 'received' | 'returned';
  kind: 'first' | 'change' | 'stop' | null;
  replaces: string | null;
  made: Date;
  made_by: string;
  content: string | null;
  digest: Uint8Array | null;
  frozen: Date | null;
  frozen_seq: number | null;
  attested_by: string | null;
  attested_as: string | null;
  way: 'portal' | 'paper' | 'pack' | null;
  submitted_on: string | null;
  answered: Date | null;
  answered_by: string | null;
  answered_on: string | null;
  receipt_no: string | null;
  reasons: string | null;
  answer_note: string | null;
}

export interface FilingReminderTable {
  site_id: string;
  clock: string;
  days: number;
  last_day: string | null;
  told: Date;
}

export interface DeskUnitTable {
  id: string;
  name: string;
  name_folded: string;
  credit_code: string;
  key: string;
  db_role: string;
  added: Date;
  added_by: string;
}

export interface DeskDelegateTable {
  person_id: string;
  unit_id: string;
  added: Date;
  added_by: string;
}

export interface DeskPlaceTable {
  id: string;
  unit_id: string;
  name: string;
  address: string;
  place_class: 'art7.1-government' | 'art7.2-operator' | 'art9-other-public' | 'art33-non-public';
  place_type: string | null;
  profiles: string[];
  used_since: string | null;
  brought_as: string | null;
  added: Date;
  added_by: string;
}

export interface DeskFilingTable {
  id: string;
  unit_id: string;
  place_id: string;
  no: number;
  kind: 'first' | 'change' | 'stop';
  digest: Uint8Array;
  content: string;
  submitted_on: string;
  arrived: Date;
  brought_by: string;
  state: 'arrived' | 'accepted' | 'returned';
  answered: Date | null;
  answered_by: string | null;
  answered_on: string | null;
  receipt_no: string | null;
  reasons: string | null;
  answer_note: string | null;
}

export interface DeskDocumentTable {
  unit_id: string;
  digest: Uint8Array;
  bytes: Uint8Array;
}

export interface DeskInspectionTable {
  id: string;
  unit_id: string;
  place_id: string;
  on_day: string;
  purpose: string;
  officer_a: string;
  number_a: string;
  officer_b: string;
  number_b: string;
  planned: Date;
  planned_by: string;
  held_on: string | null;
  found_cameras: number | null;
  findings: string | null;
  outcome: 'in-order' | 'to-correct' | null;
  correct_by: string | null;
  recorded: Date | null;
  recorded_by: string | null;
}

export interface FilingTables {
  unit_facts: UnitFactsTable;
  site_use: SiteUseTable;
  filed_change: FiledChangeTable;
  filing_document: FilingDocumentTable;
  filing: FilingTable;
  filing_reminder: FilingReminderTable;
  desk_unit: DeskUnitTable;
  desk_delegate: DeskDelegateTable;
  desk_place: DeskPlaceTable;
  desk_filing: DeskFilingTable;
  desk_document: DeskDocumentTable;
  desk_inspection: DeskInspectionTable;
}
