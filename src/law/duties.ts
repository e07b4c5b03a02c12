/** The book of duties: every row, in the order of its chapters. The duty board, the printed law and the coverage read it. */
import { analyticsStandardsAbroad } from './duties/analytics-standards-abroad.ts';
import { filingAndSigns } from './duties/filing-signs.ts';
import { keepingAndIntegrity } from './duties/keeping-integrity.ts';
import { privacyAndBuilding } from './duties/privacy-building.ts';
import { runningAndOversight } from './duties/running-oversight.ts';
import { scopeAndInstalling } from './duties/scope-install.ts';
import { useAndPeople } from './duties/use-people.ts';
import type { BookDuty } from './duty.ts';

export const duties: readonly BookDuty[] = [
  ...scopeAndInstalling,
  ...privacyAndBuilding,
  ...filingAndSigns,
  ...keepingAndIntegrity,
  ...useAndPeople,
  ...runningAndOversight,
  ...analyticsStandardsAbroad,
];

const byId = new Map(duties.map((duty) => [duty.id, duty]));
export const dutyOf = (id: string): BookDuty | undefined => byId.get(id);
