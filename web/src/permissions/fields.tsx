/** Fields that the forms of permissions share: what, where, how far back, for how long. */
import { Checkbox, Form, Input, InputNumber, Radio, Select } from 'antd';
import { collect, permissions as contract } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { type Say, useWords } from '../useWords.ts';
import { permissionWords } from '../words/permissions.ts';

export type T = Say<(typeof permissionWords)['en']>;

export interface ScopeFields {
  readonly actions: contract.PermissionAction[];
  readonly scope: 'cameras' | 'sites' | 'unit';
  readonly cameras?: string[];
  readonly sites?: string[];
  readonly lookBackHours?: number;
}

export const usualScope: Pick<ScopeFields, 'actions' | 'scope'> = { actions: ['live'], scope: 'cameras' };

export function scopeBody({ actions, scope, cameras, sites, lookBackHours }: ScopeFields) {
  return {
    actions,
    wholeUnit: scope === 'unit',
    cameras: scope === 'cameras' ? (cameras ?? []) : [],
    sites: scope === 'sites' ? (sites ?? []) : [],
    lookBackHours: actions.some((each) => each !== 'live') ? (lookBackHours ?? 0) : 0,
  };
}

export function ScopeItems({ maxLookBack = 24 * 732 }: { maxLookBack?: number }) {
  const t = useWords(permissionWords);
  const form = Form.useFormInstance<ScopeFields>();
  const actions = Form.useWatch('actions', form) ?? usualScope.actions;
  const scope = Form.useWatch('scope', form) ?? usualScope.scope;
  const cameras = useCall(collect.cameras, {});
  const sites = useCall(collect.sites, {});
  const needed = { required: true, message: t('scopeMissing') };
  // A group of boxes is no field that could be called required.
  const oneAtLeast = {
    validator: (_: unknown, chosen: readonly string[] | undefined) =>
      chosen?.length ? Promise.resolve() : Promise.reject(new Error(t('scopeMissing'))),
  };
  return (
    <>
      <Form.Item name="actions" label={t('actions')} rules={[oneAtLeast]}>
        <Checkbox.Group
          options={contract.permissionActions.map((value) => ({ value, label: t(`action_${value}`) }))}
        />
      </Form.Item>
      <Form.Item name="scope" label={t('scope')}>
        <Radio.Group
          options={[
            { value: 'cameras', label: t('scopeCameras') },
            { value: 'sites', label: t('scopeSites') },
            { value: 'unit', label: t('scopeUnit') },
          ]}
        />
      </Form.Item>
      {scope === 'cameras' && (
        <Form.Item name="cameras" rules={[needed]}>
          <Select
            mode="multiple"
            aria-label={t('scopeCameras')}
            showSearch={{ optionFilterProp: 'label' }}
            options={(cameras.data?.items ?? []).map(({ id, name, siteName }) => ({
              ...{ value: id, label: `${name} · ${siteName}` },
            }))}
          />
        </Form.Item>
      )}
      {scope === 'sites' && (
        <Form.Item name="sites" rules={[needed]}>
          <Select
            mode="multiple"
            aria-label={t('scopeSites')}
            showSearch={{ optionFilterProp: 'label' }}
            options={(sites.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          />
        </Form.Item>
      )}
      {actions.some((each) => each !== 'live') && (
        <Form.Item name="lookBackHours" label={t('lookBack')} extra={t('lookBackHint')} rules={[needed]}>
          <InputNumber min={1} max={maxLookBack} precision={0} />
        </Form.Item>
      )}
    </>
  );
}

export const durations = [1, 2, 4, 8, 24, 48, 72, 168, 720, 4320, 8760] as const;
export const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

export function DurationItem({ max = 8760, asked = false }: { max?: number; asked?: boolean }) {
  const t = useWords(permissionWords);
  const options = durations
    .filter((hours) => hours <= max)
    .map((hours) => ({ value: hours as number, label: t(`h_${hours}`) }));
  return (
    <Form.Item name="hoursLong" label={t('duration')}>
      <Select options={asked ? [{ value: 0, label: t('durationAsked') }, ...options] : options} />
    </Form.Item>
  );
}

export function WhyItems({ necessity = true }: { necessity?: boolean }) {
  const t = useWords(permissionWords);
  const rule = (message: string) => ({ required: true, whitespace: true, min: 2, message });
  return (
    <>
      <Form.Item name="reason" label={t('reason')} rules={[rule(t('reasonMissing'))]}>
        <Input.TextArea rows={2} maxLength={2000} />
      </Form.Item>
      {necessity && (
        <Form.Item name="necessity" label={t('necessity')} rules={[rule(t('necessityMissing'))]}>
          <Input.TextArea rows={2} maxLength={2000} />
        </Form.Item>
      )}
    </>
  );
}
