/**
 * What the law says of where a camera stands and looks, while it is filled in: outside of the land of its law, near a
 * protected neighbour, into a window, or where another camera looks already. The server asks the same functions.
 */
import { Form, type FormInstance } from 'antd';
import type { z } from 'zod';
import { collect } from '../../../src/contract/index.ts';
import {
  type CameraFacts,
  drawnName,
  localDay,
  misplaced,
  objectionsTo,
  regionName,
  sharable,
  viewOf,
} from '../../../src/law/index.ts';
import { useCall } from '../api.ts';
import { Notice } from '../shell/states.tsx';
import { cameraFactsOf, siteFactsOf, unmasked } from '../sites/lawful.ts';
import { drawnOf, rulesOf, viewsOf } from '../sites/Plan.tsx';
import { Sketch } from '../sites/Sketch.tsx';
import '../sites/sites.css';
import { useLanguage, useWords } from '../useWords.ts';
import { siteWords } from '../words/sites.ts';
import type { CameraFields } from './CameraForm.tsx';
import { factsOf } from './FactsFields.tsx';
import type { Camera } from './state.tsx';

type Site = z.output<typeof collect.site>;

interface Props {
  readonly form: FormInstance<CameraFields>;
  readonly sites: readonly Site[];
  readonly camera: Camera | undefined;
}

export function ViewVerdict({ form, sites, camera }: Props) {
  const fields = Form.useWatch((all: CameraFields) => JSON.stringify(all), form);
  const said = fields ? (JSON.parse(fields) as CameraFields) : null;
  const site = sites.find(({ id }) => id === said?.siteId);
  if (!said || !site || said.lat == null || said.lon == null) return null;
  const facts = cameraFactsOf({
    ...{ id: camera?.id ?? 'new', name: said.name ?? '', siteId: site.id, records: camera?.records ?? {} },
    step: camera?.life.step ?? 'planned',
    facts: { ...emptyFacts, ...(factsOf(said) as Partial<Camera['facts']>) },
  });
  return <Verdicts site={site} facts={facts} />;
}

const emptyFacts: Camera['facts'] = {
  ...{ room: null, zone: 'public', owner: null, purpose: 'public-safety', position: null, azimuthDeg: null },
  ...{ angleDeg: null, rangeM: null, turns: false, masked: [], capabilities: [], endOfSupport: null },
};

function Verdicts({ site, facts }: { site: Site; facts: CameraFacts }) {
  const t = useWords(siteWords);
  const lang = useLanguage();
  const cameras = useCall(collect.cameras, { query: { site: site.id } });
  const law = siteFactsOf(site);
  const day = localDay(Date.now(), site.timeZone);
  const wrong = facts.at && misplaced(facts.at, law);
  const others = (cameras.data?.items ?? []).filter(({ id }) => id !== facts.id);
  const asFacts = others.map((each) => cameraFactsOf({ ...each, step: each.life.step }));
  const [shared] = sharable(facts, asFacts);
  const seen = wrong ? [] : unmasked(law, facts, day);
  const near = wrong
    ? []
    : objectionsTo('approved', law, facts, day).filter(({ code }) => code === 'neighbour');
  const view = viewOf(facts);
  const own = view
    ? [{ ...view, id: 'new', label: facts.name, tone: seen.length > 0 ? ('warn' as const) : undefined }]
    : [];
  return (
    <div className="view-verdict" aria-live="polite">
      {wrong?.kind === 'outside' && (
        <Notice>{t('form_outside', { region: regionName(wrong.region)[lang] })}</Notice>
      )}
      {wrong?.kind === 'far' && <Notice>{t('form_far', { km: Math.round(wrong.awayM / 1_000) })}</Notice>}
      {seen.map(({ area, because }) => (
        <Notice key={area.id}>
          {t('form_sees', { area: drawnName(`${area.kind} ${area.id}`)[lang], rule: rulesOf(because) })}
        </Notice>
      ))}
      {near.map(({ what, awayM, because }) => (
        <Notice key={what}>
          {t('form_near', {
            name: site.law.neighbours.find(({ id }) => id === what)?.name ?? what,
            metres: Math.round(awayM ?? 0),
            rule: rulesOf(because),
          })}
        </Notice>
      ))}
      {shared && (
        <Notice tone="info">
          {t('form_shared', { camera: shared.camera.name, percent: Math.floor(shared.share * 100) })}
        </Notice>
      )}
      {!wrong && view && (
        <Sketch
          label={t('plan')}
          drawn={drawnOf(site, lang, t('areaShort'))}
          views={[...viewsOf(others.slice(0, 100), new Set()), ...own]}
        />
      )}
    </div>
  );
}
