/** To whom a site is filed, since when its system is used, and when that ended. */
import { Form, Input } from 'antd';
import { filing } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { FormDialog } from '../shell/FormDialog.tsx';
import { useWords } from '../useWords.ts';
import { filingWords } from '../words/filing.ts';
import type { Site } from './DueTab.tsx';

interface Values {
  readonly organ: string;
  readonly organKey?: string;
  readonly usedSince?: string;
  readonly stoppedOn?: string;
  readonly stoppedWhy?: string;
}

const orNull = (text: string | undefined): string | null => text?.trim() || null;

export function UseForm({ site, close }: { site: Site; close: () => void }) {
  const t = useWords(filingWords);
  const [form] = Form.useForm<Values>();
  const save = useChange(filing.changeUse, [filing.overview, filing.filingById]);
  const submit = ({ organ, organKey, usedSince, stoppedOn, stoppedWhy }: Values) => {
    const body = {
      ...{ organ: organ ?? '', organKey: orNull(organKey), usedSince: orNull(usedSince) },
      ...{ stoppedOn: orNull(stoppedOn), stoppedWhy: stoppedWhy ?? '' },
    };
    save.mutate({ params: { id: site.siteId }, body }, { onSuccess: close });
  };
  return (
    <FormDialog<Values>
      title={`${t('use')}: ${site.siteName}`}
      form={form}
      saving={save}
      submit={submit}
      close={close}
      initialValues={{
        ...{ organ: site.organ, organKey: site.organKey ?? '', usedSince: site.usedSince ?? '' },
        stoppedOn: site.stoppedOn ?? '',
      }}
    >
      <Form.Item name="organ" label={t('organ')} extra={t('organHint')}>
        <Input maxLength={80} />
      </Form.Item>
      <Form.Item name="organKey" label={t('organKey')} extra={t('organKeyHint')}>
        <Input maxLength={300} />
      </Form.Item>
      <Form.Item name="usedSince" label={t('usedSince')} extra={t('usedSinceHint')}>
        <Input maxLength={20} />
      </Form.Item>
      <Form.Item name="stoppedOn" label={t('stoppedOn')} extra={t('stoppedOnHint')}>
        <Input maxLength={20} />
      </Form.Item>
      <Form.Item name="stoppedWhy" label={t('stoppedWhy')}>
        <Input maxLength={2000} />
      </Form.Item>
    </FormDialog>
  );
}
