/** On and off duty: a shift says once for all of its live pictures why they are looked at. */
import { Form, Input } from 'antd';
import { useState } from 'react';
import { uses } from '../../../src/contract/index.ts';
import { useCall, useChange } from '../api.ts';
import { useWhyNot, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { useWords } from '../useWords.ts';
import { registerWords } from '../words/registers.ts';

export function ShiftButton() {
  const t = useWords(registerWords);
  const why = useWhyNot()('shift.keep');
  const found = useCall(uses.myShift, {});
  const [open, setOpen] = useState(false);
  const shift = found.data?.shift ?? null;
  return (
    <>
      <WhyButton type="text" why={why} onClick={() => setOpen(true)}>
        {shift ? t('onDuty', { post: shift.post }) : t('goOn')}
      </WhyButton>
      {open && (shift ? <HandOver close={() => setOpen(false)} /> : <GoOn close={() => setOpen(false)} />)}
    </>
  );
}

function GoOn({ close }: { close: () => void }) {
  const t = useWords(registerWords);
  const [form] = Form.useForm<{ post: string }>();
  const begin = useChange(uses.beginShift, [uses.myShift]);
  return (
    <FormDialog<{ post: string }>
      title={t('goOnTitle')}
      says={t('goOnSays')}
      doIt={t('goOn')}
      form={form}
      saving={begin}
      submit={({ post }) => begin.mutate({ body: { post } }, { onSuccess: close })}
      close={close}
    >
      <Form.Item
        name="post"
        label={t('post')}
        extra={t('postHint')}
        rules={[{ required: true, whitespace: true, min: 2, message: t('postMissing') }]}
      >
        <Input autoFocus maxLength={80} />
      </Form.Item>
    </FormDialog>
  );
}

function HandOver({ close }: { close: () => void }) {
  const t = useWords(registerWords);
  const [form] = Form.useForm<{ note?: string }>();
  const end = useChange(uses.endShift, [uses.myShift]);
  return (
    <FormDialog<{ note?: string }>
      title={t('handOverTitle')}
      says={t('handOverSays')}
      doIt={t('handOver')}
      form={form}
      saving={end}
      submit={({ note = '' }) => end.mutate({ body: { note } }, { onSuccess: close })}
      close={close}
    >
      <Form.Item name="note" label={t('note')}>
        <Input.TextArea rows={3} maxLength={2000} />
      </Form.Item>
    </FormDialog>
  );
}
