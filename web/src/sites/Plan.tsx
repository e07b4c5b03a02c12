/** The plan of a site: its area, windows, doors, private areas and protected neighbours, and where its cameras look. */
import { Button } from 'antd';
import { useState } from 'react';
import type { z } from 'zod';
import { collect } from '../../../src/contract/index.ts';
import { drawnKinds, drawnName, localDay, near, type Reason, viewOf } from '../../../src/law/index.ts';
import { useCall, useChange } from '../api.ts';
import { ruleText } from '../keeping/reasons.tsx';
import { useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { Notice, Said } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';
import { siteWords } from '../words/sites.ts';
import { DrawDialog, type Drawing } from './DrawDialog.tsx';
import { cameraFactsOf, type Site, siteFactsOf, unmasked } from './lawful.ts';
import { type Drawn, type DrawnView, Sketch } from './Sketch.tsx';

type Camera = z.output<typeof collect.camera>;

export const rulesOf = (because: readonly Reason[]): string =>
  [...new Set(because.map(({ answer }) => ruleText(answer.cite)))].join('; ');

/** Everything that is drawn, as the sketch shows it. */
export function drawnOf({ law }: Site, lang: 'en' | 'zh', area: string): Drawn[] {
  return [
    ...(law.area.length > 0 ? [{ id: 'area', kind: 'area' as const, outline: law.area, label: area }] : []),
    ...law.neighbours.map(({ id, name, outline }) => ({
      id,
      kind: 'neighbour' as const,
      outline,
      label: name,
    })),
    ...law.privateAreas.map(({ id, kind, outline }) => ({
      ...{ id, kind, outline, label: drawnName(`${kind} ${id}`)[lang] },
    })),
  ];
}

export const viewsOf = (cameras: readonly Camera[], warned: ReadonlySet<string>): DrawnView[] =>
  cameras.flatMap((camera) => {
    const view = viewOf(cameraFactsOf({ ...camera, step: camera.life.step }));
    const tone = warned.has(camera.id) ? ('warn' as const) : undefined;
    return view ? [{ ...view, id: camera.id, label: camera.name, tone }] : [];
  });

export function Plan({ site }: { site: Site }) {
  const t = useWords(siteWords);
  const lang = useLanguage();
  const why = useWhyNot()('site.configure');
  const cameras = useCall(collect.cameras, { query: { site: site.id } });
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const facts = siteFactsOf(site);
  const day = localDay(Date.now(), site.timeZone);
  const items = cameras.data?.items ?? [];
  const seeing = items.flatMap((camera) =>
    unmasked(facts, cameraFactsOf({ ...camera, step: camera.life.step }), day).map((each) => ({
      ...each,
      camera,
    })),
  );
  const drawn = drawnOf(site, lang, t('areaShort'));
  const start = (kind: Drawing['kind']) => () => setDrawing({ kind, id: null });
  const views = viewsOf(items, new Set(seeing.map(({ camera }) => camera.id)));
  return (
    <section className="panel plan-panel" aria-labelledby="site-plan">
      <h2 id="site-plan">{t('plan')}</h2>
      <p className="soft">{t('planSays')}</p>
      <div className="plan">
        <Sketch label={`${t('plan')}: ${site.name}`} drawn={drawn} views={views} />
        <div>
          <Listed site={site} edit={setDrawing} why={why} />
          <div className="tools">
            {site.law.area.length === 0 && (
              <WhyButton why={why} onClick={start('area')}>
                {t('addArea')}
              </WhyButton>
            )}
            <WhyButton why={why} onClick={start('window')}>
              {t('addWindow')}
            </WhyButton>
            <WhyButton why={why} onClick={start('door')}>
              {t('addDoor')}
            </WhyButton>
            <WhyButton why={why} onClick={start('private-area')}>
              {t('addPrivate')}
            </WhyButton>
            <WhyButton why={why} onClick={start('neighbour')}>
              {t('addNeighbour')}
            </WhyButton>
          </div>
          {seeing.map(({ camera, area, because }) => (
            <Notice key={`${camera.id} ${area.id}`}>
              {t('cameraSees', {
                camera: camera.name,
                area: drawnName(`${area.kind} ${area.id}`)[lang],
                rule: rulesOf(because),
              })}
            </Notice>
          ))}
          <NearNeighbours site={site} cameras={items} />
          {seeing.length === 0 && site.law.privateAreas.length > 0 && <p className="soft">{t('allWell')}</p>}
        </div>
      </div>
      {drawing && (
        <DrawDialog
          site={site}
          drawing={drawing}
          drawn={drawn}
          views={views}
          close={() => setDrawing(null)}
        />
      )}
    </section>
  );
}

function NearNeighbours({ site, cameras }: { site: Site; cameras: readonly Camera[] }) {
  const t = useWords(siteWords);
  return cameras
    .filter(({ records }) => records['neighbour-consent'] === undefined)
    .flatMap((camera) =>
      (camera.facts.position ? near(site.law.neighbours, camera.facts.position) : []).map(
        ({ neighbour, awayM }) => (
          <Notice key={camera.id + neighbour.id}>
            {t('cameraNear', { camera: camera.name, name: neighbour.name, metres: Math.round(awayM) })}
          </Notice>
        ),
      ),
    );
}

function Listed({ site, edit, why }: { site: Site; edit: (drawing: Drawing) => void; why: string | null }) {
  const t = useWords(siteWords);
  const lang = useLanguage();
  const { area, neighbours, privateAreas } = site.law;
  const points = (outline: readonly unknown[]) => t('points', { count: outline.length });
  return (
    <ul className="plan-list">
      {area.length > 0 && (
        <li>
          <strong>{t('area')}</strong>
          <span className="soft">{points(area)}</span>
          <Change site={site} drawing={{ kind: 'area', id: null }} name={t('area')} edit={edit} why={why} />
        </li>
      )}
      {privateAreas.map(({ id, kind, outline }) => (
        <li key={id}>
          <strong>{drawnName(`${kind} ${id}`)[lang]}</strong>
          <span className="soft">{points(outline)}</span>
          <Change
            site={site}
            drawing={{ kind, id }}
            name={`${drawnKinds[kind][lang]} ${id}`}
            edit={edit}
            why={why}
          />
        </li>
      ))}
      {neighbours.map(({ id, name, kind, withinM }) => (
        <li key={id}>
          <strong>{t('neighbour')}</strong>
          <span className="soft">
            {t('neighbourSays', { name, kind: t(`kind_${kind}`), metres: withinM })}
          </span>
          <Change site={site} drawing={{ kind: 'neighbour', id }} name={name} edit={edit} why={why} />
        </li>
      ))}
    </ul>
  );
}

function Change({
  site,
  drawing,
  name,
  edit,
  why,
}: {
  site: Site;
  drawing: Drawing;
  name: string;
  edit: (drawing: Drawing) => void;
  why: string | null;
}) {
  const t = useWords(siteWords);
  const shell = useWords(shellWords);
  const tell = useTell();
  const save = useChange(collect.changeSite, [collect.sites, collect.cameras, collect.cameraById]);
  const remove = () =>
    save.mutate(
      { params: { id: site.id }, body: without(site, drawing) },
      { onSuccess: () => tell.done(t('saved')) },
    );
  return (
    <>
      <WhyButton
        type="link"
        size="small"
        why={why}
        aria-label={t('editOf', { name })}
        onClick={() => edit(drawing)}
      >
        {shell('edit')}
      </WhyButton>
      {why === null && (
        <Button
          type="link"
          size="small"
          aria-label={t('removeOf', { name })}
          loading={save.isPending}
          onClick={remove}
        >
          {t('remove')}
        </Button>
      )}
      <Said error={save.error} />
    </>
  );
}

function without({ law }: Site, { kind, id }: Drawing) {
  if (kind === 'area') return { area: [] };
  if (kind === 'neighbour') return { neighbours: law.neighbours.filter((each) => each.id !== id) };
  return { privateAreas: law.privateAreas.filter((each) => each.id !== id) };
}
