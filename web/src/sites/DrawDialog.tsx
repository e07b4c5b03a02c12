/** Draws one thing into the plan of a site: by typed or pasted coordinates of any of the three maps, or by clicks. */
import { Form, type FormInstance, Input, InputNumber, Select } from 'antd';
import { useState } from 'react';
import { collect, imports } from '../../../src/contract/index.ts';
import { drawnKinds, type Point } from '../../../src/law/index.ts';
import { useChange } from '../api.ts';
import { useTell } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Notice } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { importWords } from '../words/imports.ts';
import { shellWords } from '../words/shell.ts';
import { siteWords } from '../words/sites.ts';
import type { Site } from './lawful.ts';
import { converted, outlineText, positionText, readOutline } from './points.ts';
import { type Drawn, type DrawnView, Sketch } from './Sketch.tsx';

export interface Drawing {
  readonly kind: 'area' | 'neighbour' | keyof typeof drawnKinds;
  /** Null: a new one, or the site's one area. */
  readonly id: string | null;
}

interface Fields {
  id?: string;
  outline: string;
  datum: (typeof imports.datumChoices)[number];
  name?: string;
  neighbourKind?: 'military' | 'secret-unit';
  withinM?: number;
}

export function DrawDialog({
  site,
  drawing,
  drawn,
  views,
  close,
}: {
  site: Site;
  drawing: Drawing;
  drawn: readonly Drawn[];
  views: readonly DrawnView[];
  close: () => void;
}) {
  const t = useWords(siteWords);
  const lang = useLanguage();
  const tell = useTell();
  const [form] = Form.useForm<Fields>();
  const [unclear, setUnclear] = useState(false);
  const save = useChange(collect.changeSite, [collect.sites, collect.cameras, collect.cameraById]);
  const { kind } = drawing;
  const what = kind === 'area' ? t('area') : kind === 'neighbour' ? t('neighbour') : drawnKinds[kind][lang];
  const submit = (fields: Fields) => {
    const read = converted(readOutline(fields.outline).points, fields.datum, site.law.area);
    setUnclear(read === null);
    if (!read) return;
    const body = bodyOf(site, drawing, { ...fields, points: read.points });
    save.mutate(
      { params: { id: site.id }, body },
      {
        onSuccess: () => {
          const map = { wgs84: '', gcj02: 'GCJ-02', bd09: 'BD-09' }[read.from];
          tell.done(map ? `${t('saved')} ${t('datumConverted', { map })}` : t('saved'));
          close();
        },
      },
    );
  };
  return (
    <FormDialog
      title={t('drawTitle', { what })}
      form={form}
      saving={save}
      submit={submit}
      close={close}
      width={720}
      initialValues={firstOf(site, drawing)}
    >
      {unclear && <Notice>{t('datumUnclear')}</Notice>}
      {kind === 'neighbour' && <NeighbourItems />}
      {kind !== 'area' && drawing.id === null && <IdItem site={site} />}
      <OutlineItem least={kind === 'area' ? 3 : 1} />
      <DatumItem />
      <Picker form={form} drawn={drawn} views={views} label={what} />
    </FormDialog>
  );
}

function OutlineItem({ least }: { least: number }) {
  const t = useWords(siteWords);
  const check = async (_rule: unknown, text: string | undefined) => {
    const { points, wrong } = readOutline(text ?? '');
    if (wrong !== null) throw new Error(t('outlineBad', { line: wrong }));
    if (points.length < least) throw new Error(t('outlineNone', { count: least }));
  };
  return (
    <Form.Item name="outline" label={t('outline')} extra={t('outlineHint')} rules={[{ validator: check }]}>
      <Input.TextArea className="mono" rows={4} maxLength={20_000} spellCheck={false} />
    </Form.Item>
  );
}

function DatumItem() {
  const t = useWords(siteWords);
  const i = useWords(importWords);
  return (
    <Form.Item name="datum" label={t('datum')}>
      <Select options={imports.datumChoices.map((value) => ({ value, label: i(`datum_${value}`) }))} />
    </Form.Item>
  );
}

function IdItem({ site }: { site: Site }) {
  const t = useWords(siteWords);
  const taken = [...site.law.neighbours, ...site.law.privateAreas].map(({ id }) => id);
  const check = async (_rule: unknown, text: string | undefined) => {
    if (!/^[a-z0-9-]{1,40}$/i.test(text ?? '') || taken.includes(text ?? ''))
      throw new Error(t('drawnIdBad'));
  };
  return (
    <Form.Item name="id" label={t('drawnId')} extra={t('drawnIdHint')} rules={[{ validator: check }]}>
      <Input className="mono" maxLength={40} autoFocus />
    </Form.Item>
  );
}

function NeighbourItems() {
  const t = useWords(siteWords);
  const shell = useWords(shellWords);
  const needed = { required: true, message: shell('required') };
  return (
    <>
      <Form.Item name="name" label={t('neighbourName')} rules={[{ ...needed, whitespace: true }]}>
        <Input maxLength={80} />
      </Form.Item>
      <Form.Item name="neighbourKind" label={t('neighbourKind')} rules={[needed]}>
        <Select
          options={(['military', 'secret-unit'] as const).map((value) => ({
            value,
            label: t(`kind_${value}`),
          }))}
        />
      </Form.Item>
      <Form.Item name="withinM" label={t('withinM')} extra={t('withinHint')} rules={[needed]}>
        <InputNumber min={0} max={50_000} controls={false} />
      </Form.Item>
    </>
  );
}

/** A click adds a point; what is clicked is of the plan, which is WGS-84. */
function Picker({
  form,
  drawn,
  views,
  label,
}: {
  form: FormInstance<Fields>;
  drawn: readonly Drawn[];
  views: readonly DrawnView[];
  label: string;
}) {
  const text: string = Form.useWatch('outline', form) ?? '';
  const { points } = readOutline(text);
  const pick = (at: Point) => {
    const lines = text.trim() === '' ? [] : [text.trim()];
    form.setFieldsValue({ outline: [...lines, positionText(at)].join('\n'), datum: 'wgs84' });
  };
  const now: Drawn[] = points.length > 0 ? [{ id: 'now', kind: 'private-area', outline: points, label }] : [];
  if (drawn.length + views.length + now.length === 0) return null;
  return <Sketch label={label} drawn={[...drawn, ...now]} views={views} pick={pick} />;
}

function firstOf({ law }: Site, { kind, id }: Drawing): Fields {
  if (kind === 'area') return { outline: outlineText(law.area), datum: 'wgs84' };
  if (kind === 'neighbour') {
    const known = law.neighbours.find((each) => each.id === id);
    return {
      ...{ outline: outlineText(known?.outline ?? []), datum: 'wgs84', withinM: known?.withinM ?? 100 },
      ...(known ? { name: known.name, neighbourKind: known.kind } : {}),
    };
  }
  const known = law.privateAreas.find((each) => each.id === id);
  return { outline: outlineText(known?.outline ?? []), datum: 'wgs84' };
}

function bodyOf({ law }: Site, { kind, id: known }: Drawing, fields: Fields & { points: Point[] }) {
  const { points: outline } = fields;
  const id = known ?? fields.id ?? '';
  if (kind === 'area') return { area: outline };
  if (kind === 'neighbour') {
    const made = {
      ...{ id, name: fields.name ?? '', kind: fields.neighbourKind ?? 'military', outline },
      withinM: fields.withinM ?? 0,
    };
    return { neighbours: [...law.neighbours.filter((each) => each.id !== id), made] };
  }
  return { privateAreas: [...law.privateAreas.filter((each) => each.id !== id), { id, kind, outline }] };
}
