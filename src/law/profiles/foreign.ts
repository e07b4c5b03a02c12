/** Outside of China: what mirrors the same duties. Ceilings rather than floors. */
import { days, hours, months } from '../calendar.ts';
import type { Profile } from '../clause.ts';
import { retentionCeiling } from '../clauses/store.ts';
import { type Instrument, of, says } from './cite.ts';

const edpb: Instrument = {
  instrument: 'EDPB Guidelines 3/2019',
  rank: 'guidance',
  lang: 'en',
  from: '2020-01-29',
  confidence: 'V2',
};
const csi: Instrument = {
  instrument: 'Code de la sécurité intérieure',
  rank: 'law',
  lang: 'fr',
  from: '2012-05-01',
};
const lopd: Instrument = {
  instrument: 'LOPDGDD',
  rank: 'law',
  lang: 'es',
  from: '2018-12-07',
  confidence: 'V2',
};
const cnpd: Instrument = {
  instrument: 'CNPD, vidéosurveillance',
  rank: 'guidance',
  lang: 'fr',
  from: '2018-05-25',
};

const foreign = (
  id: string,
  name: Profile['name'],
  answers: Profile['answers'],
  parent?: string,
): Profile => ({
  id,
  layer: 'foreign',
  name,
  answers,
  ...(parent ? { parent } : {}),
});

export const euGdpr = foreign(
  'eu-gdpr',
  { en: 'European Union', zh: '欧盟' },
  {
    [retentionCeiling.id]: [
      says(hours(72), of(edpb)('para 121', ''), { unlessRecorded: 'retention-justification' }),
    ],
  },
);
export const fr = foreign(
  'fr',
  { en: 'France', zh: '法国' },
  { [retentionCeiling.id]: [says(months(1), of(csi)('L252-5', ''))] },
  'eu-gdpr',
);
export const es = foreign(
  'es',
  { en: 'Spain', zh: '西班牙' },
  { [retentionCeiling.id]: [says(months(1), of(lopd)('22.3', ''))] },
  'eu-gdpr',
);
export const lu = foreign(
  'lu',
  { en: 'Luxembourg', zh: '卢森堡' },
  { [retentionCeiling.id]: [says(days(8), of(cnpd)('', ''))] },
  'eu-gdpr',
);
