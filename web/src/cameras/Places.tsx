/** Places that must have a system, against the cameras there: the gap report, with a sketch of each place. */
import { Button, Form, Input, Select } from 'antd';
import { useMemo, useState } from 'react';
import type { z } from 'zod';
import { collect, places } from '../../../src/contract/index.ts';
import { name as nameShape } from '../../../src/contract/shapes.ts';
import { gapStates, placeTypeOf, placeTypes, profiles } from '../../../src/law/index.ts';
import { useCall, useChange } from '../api.ts';
import { ruleText } from '../keeping/reasons.tsx';
import { byShape, ReasonDialog, useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { type Column, Register, type RegisterState, RegisterTools } from '../shell/Register.tsx';
import { Empty, Loaded } from '../shell/states.tsx';
import { positionText, readKeyPositions, readPosition, sayKeyPositions } from '../sites/points.ts';
import { Sketch } from '../sites/Sketch.tsx';
import '../sites/sites.css';
import { useLanguage, useWords } from '../useWords.ts';
import { placeWords } from '../words/places.ts';
import { shellWords } from '../words/shell.ts';

type Place = z.output<typeof places.place>;

export function Places({ state, change }: { state: RegisterState; change: (next: RegisterState) => void }) {
  const t = useWords(placeWords);
  const lang = useLanguage();
  const found = useCall(places.mandatoryPlaces, {});
  const columns = usePlaceColumns();
  const why = useWhyNot()('site.configure');
  const [open, setOpen] = useState<Place | 'new' | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  const [ends, setEnds] = useState<Place | null>(null);
  const report = (file: string) => `/api/places/report/${file}?lang=${lang}`;
  return (
    <Loaded of={found}>
      {({ items }) => (
        <>
          <div className="tools">
            <p className="soft tools-says">{t('says')}</p>
            <RegisterTools name="places" rows={items} columns={columns} state={state} change={change} />
            <Button href={report('gaps.xlsx')} download>
              {t('xlsx')}
            </Button>
            <WhyButton type="primary" why={why} onClick={() => setOpen('new')}>
              {t('add')}
            </WhyButton>
          </div>
          {items.length === 0 ? (
            <Empty title={t('none')}>{t('noneSays')}</Empty>
          ) : (
            <Register
              caption={t('tab')}
              rows={items}
              columns={columns}
              keyOf={(each) => each.id}
              state={state}
              change={change}
              toneOf={(each) => (each.gap.state === 'covered' ? undefined : 'warn')}
              controls={(each) => (
                <Controls each={each} why={why} show={setShown} edit={setOpen} end={setEnds} />
              )}
            />
          )}
          <PlaceSketch place={items.find(({ id }) => id === shown)} />
          {open && <PlaceDialog place={open === 'new' ? null : open} close={() => setOpen(null)} />}
          {ends && <EndDialog place={ends} close={() => setEnds(null)} />}
        </>
      )}
    </Loaded>
  );
}

function Controls({
  each,
  why,
  show,
  edit,
  end,
}: {
  each: Place;
  why: string | null;
  show: (id: string) => void;
  edit: (place: Place) => void;
  end: (place: Place) => void;
}) {
  const t = useWords(placeWords);
  const shell = useWords(shellWords);
  return (
    <>
      <Button type="link" size="small" onClick={() => show(each.id)}>
        {t('showSketch')}
        <span className="hidden-words"> {each.name}</span>
      </Button>
      {each.from === 'listed' && (
        <>
          <WhyButton
            type="link"
            size="small"
            why={why}
            onClick={() => edit(each)}
            aria-label={t('editTitle', { name: each.name })}
          >
            {shell('edit')}
          </WhyButton>
          <WhyButton
            type="link"
            size="small"
            why={why}
            onClick={() => end(each)}
            aria-label={t('endTitle', { name: each.name })}
          >
            {t('end')}
          </WhyButton>
        </>
      )}
    </>
  );
}

function usePlaceColumns(): readonly Column<Place>[] {
  const t = useWords(placeWords);
  const lang = useLanguage();
  return useMemo(() => {
    const kind = (each: Place) => placeTypeOf(each.placeType)?.name[lang] ?? each.placeType;
    const because = (each: Place) => [
      ...each.because.map(ruleText),
      ...(each.designation ? [each.designation] : []),
    ];
    return [
      { key: 'name', title: t('name'), isHead: true, value: (each) => each.name, cell: (each) => each.name },
      { key: 'kind', title: t('kind'), value: kind, cell: kind },
      {
        key: 'state',
        title: t('state'),
        value: (each) => gapStates.indexOf(each.gap.state),
        cell: (each) => (
          <>
            <strong>{t(`state_${each.gap.state}`)}</strong>
            {each.gap.uncovered.length > 0 && (
              <span className="cell-says">{t('uncovered', { count: each.gap.uncovered.length })}</span>
            )}
          </>
        ),
      },
      {
        key: 'cameras',
        title: t('cameras'),
        value: (each) => each.gap.cameras,
        cell: ({ gap: { cameras, recorded, operating } }) =>
          t('camerasSays', { cameras, recorded, operating }),
      },
      {
        key: 'because',
        title: t('because'),
        value: (each) => because(each).join('; '),
        cell: (each) => because(each).join('; ') || '—',
      },
      {
        key: 'responsible',
        title: t('responsible'),
        value: (each) => each.responsible,
        cell: (each) => each.responsible || '—',
      },
      { key: 'site', title: t('site'), value: (each) => each.siteName, cell: (each) => each.siteName ?? '—' },
    ];
  }, [t, lang]);
}

function PlaceSketch({ place }: { place: Place | undefined }) {
  const t = useWords(placeWords);
  if (!place) return null;
  const label = t('sketch', { name: place.name });
  const keys = place.keyPositions.map(({ id, name, at }) => ({
    ...{ id, label: name, outline: [at] },
    kind: place.gap.uncovered.includes(id) ? ('key' as const) : ('seen' as const),
  }));
  const here = place.position
    ? [{ id: 'here', kind: 'area' as const, outline: [place.position], label: place.name }]
    : [];
  return (
    <section className="panel plan-panel" aria-label={label}>
      <h2>{label}</h2>
      <Sketch
        label={label}
        drawn={[...here, ...keys]}
        views={place.views.map((view, i) => ({ ...view, id: String(i), label: view.name }))}
      />
    </section>
  );
}

interface PlaceFields {
  name: string;
  placeType: string;
  profile: string;
  siteId?: string | null;
  address?: string;
  responsible?: string;
  designation?: string;
  designatedOn?: string;
  position?: string;
  keyPositions?: string;
}

function PlaceDialog({ place, close }: { place: Place | null; close: () => void }) {
  const t = useWords(placeWords);
  const tell = useTell();
  const [form] = Form.useForm<PlaceFields>();
  const stale = [places.mandatoryPlaces];
  const add = useChange(places.addPlace, stale);
  const save = useChange(places.changePlace, stale);
  const submit = (fields: PlaceFields) => {
    const body = {
      ...{ name: fields.name, placeType: fields.placeType, profile: fields.profile },
      ...{
        siteId: fields.siteId ?? null,
        address: fields.address ?? '',
        responsible: fields.responsible ?? '',
      },
      ...{ designation: fields.designation ?? '', designatedOn: fields.designatedOn || null },
      position: readPosition(fields.position ?? '') ?? null,
      keyPositions: readKeyPositions(fields.keyPositions ?? '').positions,
    };
    const onSuccess = () => {
      tell.done(t('saved'));
      close();
    };
    if (place) save.mutate({ params: { id: place.id }, body }, { onSuccess });
    else add.mutate({ body }, { onSuccess });
  };
  return (
    <FormDialog
      title={place ? t('editTitle', { name: place.name }) : t('add')}
      form={form}
      saving={place ? save : add}
      submit={submit}
      close={close}
      initialValues={
        place
          ? {
              ...place,
              designatedOn: place.designatedOn ?? '',
              position: place.position ? positionText(place.position) : '',
              keyPositions: sayKeyPositions(place.keyPositions),
            }
          : { profile: 'cn-national' }
      }
    >
      <PlaceItems />
    </FormDialog>
  );
}

function PlaceItems() {
  const t = useWords(placeWords);
  const shell = useWords(shellWords);
  const lang = useLanguage();
  const sites = useCall(collect.sites, {});
  const needed = { required: true, whitespace: true, message: shell('required') };
  const jurisdictions = profiles.filter(({ layer }) => layer === 'law' || layer === 'foreign');
  return (
    <>
      <Form.Item name="name" label={t('name')} rules={[needed, byShape(nameShape, shell('required'))]}>
        <Input maxLength={80} autoFocus />
      </Form.Item>
      <Form.Item name="placeType" label={t('kind')} rules={[needed]}>
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          options={placeTypes.map(({ id, name }) => ({ value: id, label: name[lang] }))}
        />
      </Form.Item>
      <Form.Item name="siteId" label={t('site')}>
        <Select
          allowClear
          placeholder={t('siteNone')}
          options={(sites.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        />
      </Form.Item>
      <Form.Item name="profile" label={t('profile')}>
        <Select options={jurisdictions.map(({ id, name }) => ({ value: id, label: name[lang] }))} />
      </Form.Item>
      <Form.Item name="responsible" label={t('responsible')}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="address" label={t('address')}>
        <Input maxLength={500} />
      </Form.Item>
      <Form.Item name="designation" label={t('designation')} extra={t('designationHint')}>
        <Input maxLength={500} />
      </Form.Item>
      <Form.Item name="designatedOn" label={t('designatedOn')}>
        <Input type="date" />
      </Form.Item>
      <Form.Item
        name="position"
        label={t('position')}
        extra={t('positionHint')}
        rules={[
          {
            validator: async (_rule, text: string | undefined) => {
              if (text?.trim() && !readPosition(text)) throw new Error(t('positionBad'));
            },
          },
        ]}
      >
        <Input className="mono" maxLength={80} />
      </Form.Item>
      <Form.Item
        name="keyPositions"
        label={t('keyPositions')}
        extra={t('keyPositionsHint')}
        rules={[
          {
            validator: async (_rule, text: string | undefined) => {
              const { wrong } = readKeyPositions(text ?? '');
              if (wrong !== null) throw new Error(t('keyPositionsBad', { line: wrong }));
            },
          },
        ]}
      >
        <Input.TextArea className="mono" rows={3} maxLength={20_000} />
      </Form.Item>
    </>
  );
}

function EndDialog({ place, close }: { place: Place; close: () => void }) {
  const t = useWords(placeWords);
  const tell = useTell();
  const end = useChange(places.endPlace, [places.mandatoryPlaces]);
  return (
    <ReasonDialog
      title={t('endTitle', { name: place.name })}
      says={t('endSays')}
      doIt={t('end')}
      run={async (reason) => {
        await end.mutateAsync({ params: { id: place.id }, body: { reason } });
        tell.done(t('ended', { name: place.name }));
      }}
      close={close}
    />
  );
}
