/** The two forms that make a permission: a request that another decides on, and access for an emergency. */
import { Form, Input, Radio, Select } from 'antd';
import { permissions as contract } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { useTell } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { useWords } from '../useWords.ts';
import { permissionWords } from '../words/permissions.ts';
import {
  DurationItem,
  inHours,
  type ScopeFields,
  ScopeItems,
  scopeBody,
  usualScope,
  WhyItems,
} from './fields.tsx';

export const permissionLists = [
  contract.permissions,
  contract.myPermissions,
  contract.permissionFindings,
] as const;

interface AskFields extends ScopeFields {
  readonly purpose: (typeof contract.purposes)[number];
  readonly reason: string;
  readonly necessity: string;
  readonly hoursLong: number;
  readonly when: 'any' | 'some';
  readonly from?: string;
  readonly to?: string;
}

export function AskDialog({ close }: { close: () => void }) {
  const t = useWords(permissionWords);
  const tell = useTell();
  const [form] = Form.useForm<AskFields>();
  const when = Form.useWatch('when', form);
  const ask = useChange(contract.askPermission, [...permissionLists]);
  const submit = (given: AskFields) =>
    ask.mutate(
      {
        body: {
          ...scopeBody(given),
          ...{ purpose: given.purpose, reason: given.reason, necessity: given.necessity },
          ends: inHours(given.hoursLong),
          hours: given.when === 'some' && given.from && given.to ? { from: given.from, to: given.to } : null,
        },
      },
      {
        onSuccess: () => {
          tell.done(t('asked'));
          close();
        },
      },
    );
  const initial: Partial<AskFields> = { ...usualScope, purpose: 'duty', hoursLong: 8, when: 'any' };
  return (
    <FormDialog<AskFields>
      title={t('askTitle')}
      says={t('askSays')}
      doIt={t('askDo')}
      form={form}
      saving={ask}
      submit={submit}
      close={close}
      initialValues={initial}
    >
      <Form.Item name="purpose" label={t('purpose')}>
        <Select options={contract.purposes.map((value) => ({ value, label: t(`purpose_${value}`) }))} />
      </Form.Item>
      <ScopeItems />
      <Form.Item name="when" label={t('hours')}>
        <Radio.Group
          options={[
            { value: 'any', label: t('hoursAny') },
            { value: 'some', label: t('hoursSome') },
          ]}
        />
      </Form.Item>
      {when === 'some' && (
        <div className="permission-hours">
          <Form.Item name="from" rules={[{ required: true, message: t('scopeMissing') }]}>
            <Input type="time" aria-label={t('hoursFrom')} />
          </Form.Item>
          <Form.Item name="to" rules={[{ required: true, message: t('scopeMissing') }]}>
            <Input type="time" aria-label={t('hoursTo')} />
          </Form.Item>
        </div>
      )}
      <DurationItem />
      <WhyItems />
    </FormDialog>
  );
}

interface EmergencyFields extends ScopeFields {
  readonly event: string;
  readonly level: 1 | 2 | 3 | 4;
  readonly reason: string;
  readonly hoursLong: number;
}
const levels = [4, 3, 2, 1] as const;

export function EmergencyDialog({ close }: { close: () => void }) {
  const t = useWords(permissionWords);
  const tell = useTell();
  const [form] = Form.useForm<EmergencyFields>();
  const level = Form.useWatch('level', form) ?? 4;
  const open = useChange(contract.openEmergency, [...permissionLists]);
  const submit = (given: EmergencyFields) =>
    open.mutate(
      {
        body: {
          ...{ ...scopeBody(given), event: given.event, level: given.level, reason: given.reason },
          ends: inHours(Math.min(given.hoursLong, contract.emergencyHours[given.level]) - 0.01),
        },
      },
      {
        onSuccess: () => {
          tell.done(t('emergencyOpened'));
          close();
        },
      },
    );
  const initial: Partial<EmergencyFields> = { ...usualScope, level: 4, hoursLong: 2 };
  return (
    <FormDialog<EmergencyFields>
      title={t('emergencyTitle')}
      says={t('emergencySays')}
      doIt={t('emergencyDo')}
      form={form}
      saving={open}
      submit={submit}
      close={close}
      initialValues={initial}
    >
      <Form.Item
        name="event"
        label={t('event')}
        extra={t('eventHint')}
        rules={[{ required: true, whitespace: true, min: 2, message: t('reasonMissing') }]}
      >
        <Input maxLength={80} />
      </Form.Item>
      <Form.Item name="level" label={t('level')}>
        <Select options={levels.map((value) => ({ value, label: t(`level_${value}`) }))} />
      </Form.Item>
      <ScopeItems maxLookBack={72} />
      <DurationItem max={contract.emergencyHours[level]} />
      <WhyItems necessity={false} />
    </FormDialog>
  );
}
