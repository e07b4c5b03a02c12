/** What a person orders of a volume: adding, changing, removing, and saying that it is the right disk after all. */
import { Form, Input, Radio } from 'antd';
import { storage } from '../../../src/contract/index.ts';
import { name as nameShape } from '../../../src/contract/shapes.ts';
import { useChange } from '../api.ts';
import { byShape, ReasonDialog, ReasonField, useTell } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';
import { storageWords } from '../words/storage.ts';
import type { Volume } from './shapes.ts';
import { useVolumeName } from './volumeName.ts';

interface Sizes {
  reserve?: string;
  limit?: string;
}

const gb = 1e9;
const isAmount = (text: string | undefined) => !text?.trim() || Number(text) >= 0;
/** Empty is what the system finds right. */
const bytesOf = (text: string | undefined): number | null =>
  text?.trim() ? Math.round(Number(text) * gb) : null;
const gbOf = (bytes: number | null): string => (bytes === null ? '' : String(bytes / gb));
const again = [storage.overview, storage.warnings];

function SizeFields() {
  const t = useWords(storageWords);
  const rule = {
    validator: (_: unknown, value: string | undefined) =>
      isAmount(value) ? Promise.resolve() : Promise.reject(new Error(t('notANumber'))),
  };
  return (
    <>
      <Form.Item name="reserve" label={t('reserve')} extra={t('reserveHint')} rules={[rule]}>
        <Input inputMode="decimal" maxLength={12} />
      </Form.Item>
      <Form.Item name="limit" label={t('limit')} extra={t('limitHint')} rules={[rule]}>
        <Input inputMode="decimal" maxLength={12} />
      </Form.Item>
    </>
  );
}

function NameField() {
  const t = useWords(storageWords);
  const shell = useWords(shellWords);
  return (
    <Form.Item
      name="name"
      label={t('name')}
      extra={t('nameHint')}
      rules={[
        { required: true, whitespace: true, message: shell('required') },
        byShape(nameShape, shell('required')),
      ]}
    >
      <Input maxLength={80} autoFocus />
    </Form.Item>
  );
}

export function AddVolume({ close }: { close: () => void }) {
  const t = useWords(storageWords);
  const shell = useWords(shellWords);
  const tell = useTell();
  const [form] = Form.useForm<Sizes & { name: string; path: string }>();
  const add = useChange(storage.addVolume, again);
  const submit = ({ name, path, reserve, limit }: Sizes & { name: string; path: string }) =>
    add.mutate(
      { body: { name, path, reserveBytes: bytesOf(reserve), limitBytes: bytesOf(limit) } },
      {
        onSuccess: () => {
          tell.done(t('added', { name }));
          close();
        },
      },
    );
  return (
    <FormDialog
      title={t('add')}
      says={t('addSays')}
      doIt={t('add')}
      form={form}
      saving={add}
      submit={submit}
      close={close}
    >
      <NameField />
      <Form.Item
        name="path"
        label={t('path')}
        extra={t('pathHint')}
        rules={[{ required: true, whitespace: true, message: shell('required') }]}
      >
        <Input className="mono" maxLength={1000} placeholder={t('pathExample')} spellCheck={false} />
      </Form.Item>
      <SizeFields />
    </FormDialog>
  );
}

interface Changed extends Sizes {
  name: string;
  state: Volume['state'];
  reason: string;
}

export function EditVolume({ volume, close }: { volume: Volume; close: () => void }) {
  const t = useWords(storageWords);
  const tell = useTell();
  const [form] = Form.useForm<Changed>();
  const save = useChange(storage.changeVolume, again);
  const submit = ({ name, state, reserve, limit, reason }: Changed) =>
    save.mutate(
      {
        params: { id: volume.id },
        body: { name, state, reserveBytes: bytesOf(reserve), limitBytes: bytesOf(limit), reason },
      },
      {
        onSuccess: () => {
          tell.done(t('saved'));
          close();
        },
      },
    );
  const initial = {
    name: volume.name,
    state: volume.state,
    reserve: gbOf(volume.reserveBytes),
    limit: gbOf(volume.limitBytes),
  };
  return (
    <FormDialog
      title={t('editOf', { name: useVolumeName()(volume.name) })}
      form={form}
      initialValues={initial}
      saving={save}
      submit={submit}
      close={close}
    >
      <NameField />
      <Form.Item name="state" label={t('order')}>
        <Radio.Group className="volume-orders">
          {(['in-use', 'draining', 'read-only'] as const).map((each) => (
            <Radio key={each} value={each}>
              {t(`order_${each}`)} <span className="soft">{t(`orderSays_${each}`)}</span>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      <SizeFields />
      <ReasonField />
    </FormDialog>
  );
}

export function RemoveVolume({ volume, close }: { volume: Volume; close: () => void }) {
  const t = useWords(storageWords);
  const remove = useChange(storage.removeVolume, again);
  return (
    <ReasonDialog
      title={t('removeTitle', { name: useVolumeName()(volume.name) })}
      says={t('removeSays')}
      doIt={t('remove')}
      run={(reason) => remove.mutateAsync({ params: { id: volume.id }, body: { reason } })}
      close={close}
    />
  );
}

export function MarkVolume({ volume, close }: { volume: Volume; close: () => void }) {
  const t = useWords(storageWords);
  const mark = useChange(storage.markVolume, again);
  return (
    <ReasonDialog
      title={t('markTitle', { name: useVolumeName()(volume.name) })}
      says={t('markSays', { path: volume.path })}
      doIt={t('mark')}
      run={(reason) => mark.mutateAsync({ params: { id: volume.id }, body: { reason } })}
      close={close}
    />
  );
}
