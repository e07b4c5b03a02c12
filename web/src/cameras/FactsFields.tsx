/** Where a camera is and what it is for, as the form asks; the law's answer stands at the room while it is chosen. */
import { Form, type FormInstance, Input, InputNumber, Select, Switch } from 'antd';
import type { z } from 'zod';
import type { collect } from '../../../src/contract/index.ts';
import {
  cameraPurposes,
  capabilities,
  drawnName,
  interiorObjection,
  isRoom,
  localDay,
  ownerKinds,
  rooms,
} from '../../../src/law/index.ts';
import { ruleText } from '../keeping/reasons.tsx';
import { Notice } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { lifeWords } from '../words/life.ts';
import { siteWords } from '../words/sites.ts';
import type { CameraFields } from './CameraForm.tsx';
import type { Camera } from './state.tsx';

type Site = z.output<typeof collect.site>;

export interface FactFields {
  room?: string | null;
  necessity?: string;
  lat?: number | null;
  lon?: number | null;
  azimuthDeg?: number | null;
  angleDeg?: number | null;
  rangeM?: number | null;
  turns?: boolean;
  masked?: string[];
  capabilities?: string[];
  zone?: string;
  owner?: string | null;
  purpose?: string;
  endOfSupport?: string;
}

/** Asked of every camera; the pure rule that the server asks says no before anything is sent. */
export function RoomField({ form, sites }: { form: FormInstance<CameraFields>; sites: readonly Site[] }) {
  const t = useWords(lifeWords);
  const lang = useLanguage();
  const room = Form.useWatch('room', form);
  const siteId = Form.useWatch('siteId', form);
  const site = sites.find(({ id }) => id === siteId);
  return (
    <Form.Item name="room" label={t('room')} extra={<RoomVerdict room={room} site={site} />}>
      <Select
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        options={Object.entries(rooms).map(([value, name]) => ({ value, label: name[lang] }))}
      />
    </Form.Item>
  );
}

function RoomVerdict({ room, site }: { room: string | null | undefined; site: Site | undefined }) {
  const t = useWords(lifeWords);
  if (!room || !site) return t('roomHint');
  const objection = interiorObjection(site.law, room, localDay(Date.now(), site.timeZone));
  if (!objection) return t('roomHint');
  const rules = objection.because.map(({ answer: { cite } }) => ruleText(cite)).join('; ');
  return <Notice>{t('roomProhibited', { rules })}</Notice>;
}

const numbers = [
  { name: 'lat', label: 'lat', min: -90, max: 90 },
  { name: 'lon', label: 'lon', min: -180, max: 180 },
  { name: 'azimuthDeg', label: 'azimuth', min: 0, max: 359.9 },
  { name: 'angleDeg', label: 'angle', min: 1, max: 360 },
  { name: 'rangeM', label: 'range', min: 1, max: 10_000 },
] as const;

/** A key that ends in `_other` would be a plural. */
export const elseOf = <V extends string>(value: V): Exclude<V, 'other'> | 'else' =>
  value === 'other' ? 'else' : (value as Exclude<V, 'other'>);

export function FactsFields({
  isNew,
  form,
  sites,
}: {
  isNew: boolean;
  form: FormInstance<CameraFields>;
  sites: readonly Site[];
}) {
  const t = useWords(lifeWords);
  return (
    <>
      {isNew && (
        <Form.Item name="necessity" label={t('necessity')} extra={t('necessityHint')}>
          <Input.TextArea rows={2} maxLength={2000} />
        </Form.Item>
      )}
      <div className="fields">
        {numbers.map(({ name, label, min, max }) => (
          <Form.Item
            key={name}
            name={name}
            label={t(label)}
            {...(name === 'lat' ? { extra: t('positionHint') } : {})}
          >
            <InputNumber min={min} max={max} style={{ width: '100%' }} controls={false} />
          </Form.Item>
        ))}
        <Form.Item name="turns" label={t('turns')} valuePropName="checked">
          <Switch />
        </Form.Item>
        <MoreFacts form={form} sites={sites} />
        <Form.Item name="owner" label={t('owner')}>
          <Select
            allowClear
            placeholder={t('ownerAsSite')}
            options={ownerKinds.map((value) => ({ value, label: t(`owner_${elseOf(value)}`) }))}
          />
        </Form.Item>
        <Form.Item name="purpose" label={t('purpose')}>
          <Select
            options={cameraPurposes.map((value) => ({ value, label: t(`purpose_${elseOf(value)}`) }))}
          />
        </Form.Item>
        <Form.Item name="endOfSupport" label={t('support')}>
          <Input type="date" />
        </Form.Item>
      </div>
    </>
  );
}

/** What it can do, what it looks at, and what its mask covers of what is drawn at the site. */
function MoreFacts({ form, sites }: { form: FormInstance<CameraFields>; sites: readonly Site[] }) {
  const t = useWords(siteWords);
  const lang = useLanguage();
  const siteId = Form.useWatch('siteId', form);
  const areas = sites.find(({ id }) => id === siteId)?.law.privateAreas ?? [];
  return (
    <>
      <Form.Item name="masked" label={t('masked')}>
        <Select
          mode="multiple"
          placeholder={t('maskedNone')}
          options={areas.map(({ id, kind }) => ({ value: id, label: drawnName(`${kind} ${id}`)[lang] }))}
        />
      </Form.Item>
      <Form.Item name="capabilities" label={t('capabilities')}>
        <Select
          mode="multiple"
          options={capabilities.map((value) => ({ value, label: t(`capability_${value}`) }))}
        />
      </Form.Item>
      <Form.Item name="zone" label={t('zone')}>
        <Select
          options={(['public', 'private'] as const).map((value) => ({ value, label: t(`zone_${value}`) }))}
        />
      </Form.Item>
    </>
  );
}

type Facts = z.input<typeof collect.cameraFacts>;

/** What the form says of where the camera is. */
export function factsOf(fields: FactFields): Partial<Facts> {
  const { lat, lon } = fields;
  return {
    room: fields.room ?? null,
    position: lat == null || lon == null ? null : { lat, lon },
    azimuthDeg: fields.azimuthDeg ?? null,
    angleDeg: fields.angleDeg ?? null,
    rangeM: fields.rangeM ?? null,
    turns: fields.turns ?? false,
    masked: fields.masked ?? [],
    capabilities: (fields.capabilities ?? []) as NonNullable<Facts['capabilities']>,
    zone: (fields.zone ?? 'public') as Facts['zone'],
    owner: (fields.owner ?? null) as NonNullable<Facts['owner']> | null,
    purpose: (fields.purpose ?? 'public-safety') as Facts['purpose'],
    endOfSupport: fields.endOfSupport || null,
  };
}

/** Only what differs, so that the ledger names just that. */
export function changedFacts(fields: FactFields, { facts }: Camera): Partial<Facts> | null {
  const differing = Object.entries(factsOf(fields)).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(facts[key as keyof typeof facts]),
  );
  return differing.length === 0 ? null : (Object.fromEntries(differing) as Partial<Facts>);
}

export function factFieldsOf({ facts }: Camera): FactFields {
  return {
    room: facts.room !== null && isRoom(facts.room) ? facts.room : null,
    lat: facts.position?.lat ?? null,
    lon: facts.position?.lon ?? null,
    azimuthDeg: facts.azimuthDeg,
    angleDeg: facts.angleDeg,
    rangeM: facts.rangeM,
    turns: facts.turns,
    masked: facts.masked,
    capabilities: facts.capabilities,
    zone: facts.zone,
    owner: facts.owner,
    purpose: facts.purpose,
    endOfSupport: facts.endOfSupport ?? '',
  };
}
