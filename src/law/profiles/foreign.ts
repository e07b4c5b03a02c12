/** Outside of China: what mirrors the same duties. Ceilings rather than floors. */
import { days, hours, months } from '../calendar.ts';
import type { Profile } from '../clause.ts';
import {
  beforeApproved,
  beforeOperating,
  maskOver,
  prohibitedInterior,
  signContents,
  sound,
  soundBasis,
} from '../clauses/collect.ts';
import { acknowledgeComplaint, answerFilmedPerson, registerFields, reportBreach } from '../clauses/govern.ts';
import { retentionCeiling } from '../clauses/store.ts';
import { of, says } from './cite.ts';
import { cnpd, csi, duaa, edpb, gdpr, ico, lopd, pipa, ukCode, ukGdpr } from './instruments.ts';

const foreign = (
  id: string,
  name: Profile['name'],
  answers: Profile['answers'],
  parent?: string,
): Profile => ({ ...{ id, layer: 'foreign', name, answers }, ...(parent ? { parent } : {}) });

export const euGdpr = foreign(
  'eu-gdpr',
  { en: 'European Union', zh: '欧盟' },
  {
    [retentionCeiling.id]: [
      says(hours(72), of(edpb)('para 121', ''), { unlessRecorded: 'retention-justification' }),
    ],
    [beforeApproved.id]: [says(['necessity'], of(gdpr)('5, 6', ''))],
    [beforeOperating.id]: [says(['sign', 'full-notice'], of(gdpr)('13', ''))],
    [signContents.id]: [
      says(['name-and-contact', 'purpose', 'storage-period', 'rights'], of(gdpr)('13', '')),
      says(['second-layer'], of(edpb)('para 113', '')),
    ],
    [maskOver.id]: [says(['window', 'door', 'private-area'], of(edpb)('para 129', ''))],
    [sound.id]: [says('with-basis', of(edpb)('para 129', ''))],
    [soundBasis.id]: [says(['sound-basis'], of(edpb)('para 129', ''))],
    [answerFilmedPerson.id]: [says(months(1), of(gdpr)('12(3), 15', ''))],
    [reportBreach.id]: [says(hours(72), of(gdpr)('33', '', 'M'))],
  },
);

export const fr = foreign(
  'fr',
  { en: 'France', zh: '法国' },
  {
    [retentionCeiling.id]: [says(months(1), of(csi)('L252-5', ''))],
    [beforeOperating.id]: [says(['prefect-authorisation'], of(csi)('', '', 'V2'))],
    [signContents.id]: [says(['pictogram'], of(csi)('', '', 'M'))],
  },
  'eu-gdpr',
);

export const es = foreign(
  'es',
  { en: 'Spain', zh: '西班牙' },
  {
    [retentionCeiling.id]: [says(months(1), of(lopd)('22.3', ''))],
    [prohibitedInterior.id]: [says(['toilet', 'changing-room'], of(lopd)('22', ''))],
  },
  'eu-gdpr',
);

export const lu = foreign(
  'lu',
  { en: 'Luxembourg', zh: '卢森堡' },
  {
    // Eight days; thirty exceptionally, with the reasons on record.
    [retentionCeiling.id]: [
      says(days(8), of(cnpd)('', ''), { unlessRecorded: 'retention-justification' }),
      says(days(30), of(cnpd)('', '')),
    ],
  },
  'eu-gdpr',
);

/** The Code says no number: "no more than required". */
export const uk = foreign(
  'uk',
  { en: 'United Kingdom', zh: '英国' },
  {
    [beforeApproved.id]: [says(['necessity'], of(ukCode)('principle 1', ''))],
    [beforeOperating.id]: [
      says(['sign'], of(ukCode)('principle 3', '')),
      says(['complaint-channel'], of(ukCode)('principle 3', '')),
    ],
    [signContents.id]: [says(['name-and-contact', 'purpose'], of(ukCode)('principle 3', ''))],
    [registerFields.id]: [
      says(['date', 'name', 'unit', 'reason'], of(ico)('', 'record date of disclosure, to whom, why')),
    ],
    [maskOver.id]: [says(['private-area'], of(ukCode)('principle 2', ''))],
    [answerFilmedPerson.id]: [says(months(1), of(ukGdpr)('12(3), 15', ''))],
    [acknowledgeComplaint.id]: [says(days(30), of(duaa)('s.103', ''))],
  },
);

export const kr = foreign(
  'kr',
  { en: 'Korea', zh: '韩国' },
  {
    [prohibitedInterior.id]: [says(['bath', 'toilet', 'changing-room'], of(pipa)('25', ''))],
    [retentionCeiling.id]: [says(days(30), of(pipa)('25', '', 'M'))],
    [beforeOperating.id]: [says(['sign'], of(pipa)('25', ''))],
    [signContents.id]: [says(['purpose', 'place', 'range', 'hours', 'manager'], of(pipa)('25', ''))],
    [sound.id]: [says('off', of(pipa)('25(5)', ''))],
    [answerFilmedPerson.id]: [says(days(10), of(pipa)('', '', 'M'))],
  },
);
