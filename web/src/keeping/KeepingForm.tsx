/**
 * What a site is and how long it keeps, with the ruling beside it while it is filled in: the same pure functions that
 * refuse on the server say here what would be refused, and by which article.
 */
import { Checkbox, Form, type FormInstance, Input, Radio, Select } from 'antd';
import type { z } from 'zod';
import type { keeping } from '../../../src/contract/index.ts';
import {
  judgePolicy,
  keepingOn,
  type Period,
  type PlaceClass,
  placeClasses,
  placeTypeOf,
  placeTypes,
  profiles,
} from '../../../src/law/index.ts';
import { Notice } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { PeriodFields } from './period.tsx';
import { fromLaw, periodText, Rules, ruleText } from './reasons.tsx';

export type SiteKeeping = z.input<typeof keeping.siteKeeping>;

export interface KeepingFields {
  jurisdiction: string;
  placeType?: string | undefined;
  placeClass: PlaceClass;
  sectors: string[];
  keyTarget: boolean;
  periodKind: 'law' | 'own';
  n?: number | null;
  periodUnit: 'hour' | 'day' | 'month' | 'year';
  justification?: string;
  givesWay: boolean;
  /** Of the class of the place. */
  why?: string;
}

const jurisdictions = profiles.filter(({ layer }) => layer === 'law' || layer === 'foreign');
const sectors = profiles.filter(({ layer, id }) => layer === 'sector' && id !== 'key-target');
const units = ['hour', 'day', 'month', 'year'] as const;

export const usualKeeping: KeepingFields = {
  jurisdiction: 'cn-national',
  placeClass: 'art7.2-operator',
  sectors: [],
  keyTarget: false,
  periodKind: 'law',
  n: 30,
  periodUnit: 'day',
  justification: '',
  givesWay: true,
};

export function fieldsOf(site: SiteKeeping): KeepingFields {
  const isJurisdiction = (id: string) => jurisdictions.some((profile) => profile.id === id);
  return {
    jurisdiction: site.profiles.find(isJurisdiction) ?? 'cn-national',
    ...(site.placeType === null ? {} : { placeType: site.placeType }),
    placeClass: site.placeClass,
    sectors: site.profiles.filter((id) => !isJurisdiction(id)),
    keyTarget: site.keyTarget,
    periodKind: site.period ? 'own' : 'law',
    n: site.period?.n ?? 30,
    periodUnit: site.period?.unit ?? 'day',
    justification: site.justification ?? '',
    givesWay: site.givesWay ?? true,
  };
}

export function bodyOf(fields: KeepingFields): SiteKeeping {
  const isOwn = fields.periodKind === 'own' && typeof fields.n === 'number';
  return {
    profiles: [fields.jurisdiction, ...fields.sectors],
    placeClass: fields.placeClass,
    placeType: fields.placeType ?? null,
    keyTarget: fields.keyTarget,
    period: isOwn ? { n: fields.n as number, unit: fields.periodUnit } : null,
    justification: fields.justification?.trim() ?? '',
    givesWay: fields.givesWay,
  };
}

/** Fields of a form that stands elsewhere: the wizard's and the site's own. */
export function KeepingItems({ form, short }: { form: FormInstance; short?: boolean }) {
  const t = useWords(keepingWords);
  const lang = useLanguage();
  const kind: string | undefined = Form.useWatch('periodKind', form);
  const suggest = (id: string) => {
    const type = placeTypeOf(id);
    if (!type) return;
    form.setFieldsValue({ placeClass: type.placeClass, sectors: [...type.profiles] });
  };
  return (
    <>
      <Form.Item name="placeType" label={t('placeType')} extra={t('placeTypeHint')}>
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          onChange={suggest}
          options={placeTypes.map(({ id, name }) => ({ value: id, label: name[lang] }))}
        />
      </Form.Item>
      <Form.Item name="jurisdiction" label={t('jurisdiction')}>
        <Select options={jurisdictions.map(({ id, name }) => ({ value: id, label: name[lang] }))} />
      </Form.Item>
      <Form.Item name="placeClass" label={t('placeClass')} hidden={short === true}>
        <Select
          options={Object.entries(placeClasses).map(([value, name]) => ({ value, label: name[lang] }))}
        />
      </Form.Item>
      {!short && (
        <Form.Item name="why" label={t('classWhy')} extra={t('classWhyHint')}>
          <Input.TextArea rows={2} maxLength={1000} />
        </Form.Item>
      )}
      <Form.Item name="sectors" label={t('sectors')} hidden={short === true}>
        <Select
          mode="multiple"
          placeholder={t('sectorsNone')}
          options={sectors.map(({ id, name }) => ({ value: id, label: name[lang] }))}
        />
      </Form.Item>
      <Form.Item name="keyTarget" valuePropName="checked">
        <Checkbox>{t('keyTarget')}</Checkbox>
      </Form.Item>
      <Form.Item name="periodKind" label={t('period')}>
        <Radio.Group
          className="keeping-choice"
          options={[
            { value: 'law', label: t('periodLaw') },
            { value: 'own', label: t('periodOwn') },
          ]}
        />
      </Form.Item>
      <OwnPeriod isShown={kind === 'own'} />
      <Form.Item name="givesWay" valuePropName="checked" hidden={kind !== 'own'}>
        <Checkbox>{t('givesWay')}</Checkbox>
      </Form.Item>
      <Preview form={form} />
    </>
  );
}

function OwnPeriod({ isShown }: { isShown: boolean }) {
  const t = useWords(keepingWords);
  return (
    <>
      <Form.Item hidden={!isShown}>
        <PeriodFields n="n" unit="periodUnit" units={units} required={isShown} />
      </Form.Item>
      <Form.Item
        name="justification"
        label={t('justification')}
        extra={t('justificationHint')}
        hidden={!isShown}
      >
        <Input.TextArea rows={2} maxLength={1000} />
      </Form.Item>
    </>
  );
}

/** What holds with these answers, and what would be refused. */
function Preview({ form }: { form: FormInstance }) {
  const t = useWords(keepingWords);
  const all = Form.useWatch([], { form, preserve: true }) as Partial<KeepingFields> | undefined;
  const site = bodyOf({ ...usualKeeping, ...all });
  const policy = { period: site.period, justification: site.justification ?? '', decision: null };
  const law = keepingOn(site, policy, new Date().toISOString().slice(0, 10));
  return (
    <div className="keeping-preview" role="status">
      <dl className="facts">
        <dt>{t('atLeast')}</dt>
        <dd>
          <Rules of={law.floor.because.map(fromLaw)} none={t('noFloor')} />
        </dd>
        <dt>{t('atMost')}</dt>
        <dd>
          <Rules of={law.ceiling.because.map(fromLaw)} none={t('noCeiling')} />
        </dd>
      </dl>
      <Verdict law={law} />
    </div>
  );
}

function Verdict({ law }: { law: ReturnType<typeof keepingOn> }) {
  const t = useWords(keepingWords);
  const verdict = judgePolicy(law);
  if (verdict.kind === 'below-floor' || verdict.kind === 'above-ceiling') {
    const cite = verdict.because[0]?.answer.cite;
    const values = { period: periodText(verdict.period), by: cite ? ruleText(cite) : '' };
    return <Notice>{verdict.kind === 'below-floor' ? t('isBelow', values) : t('isAbove', values)}</Notice>;
  }
  if (verdict.kind === 'conflict') {
    const { floor, ceiling } = verdict.conflict;
    return (
      <Notice>
        {t('isConflict', {
          floor: periodText(floor.answer.value as Period),
          floorBy: ruleText(floor.answer.cite),
          ceiling: periodText(ceiling.answer.value as Period),
          ceilingBy: ruleText(ceiling.answer.cite),
        })}{' '}
        {t('conflictOpen')}
      </Notice>
    );
  }
  const isSilent = !law.floor.value && !law.ceiling.value && !law.policy.period;
  return isSilent ? <Notice>{t('nothingSaid')}</Notice> : null;
}
