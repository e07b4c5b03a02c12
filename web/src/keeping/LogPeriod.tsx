/** How long records of sign-ins are kept, and the floor of the law under it. */
import { Form, InputNumber, Modal, Select, Space } from 'antd';
import { useState } from 'react';
import { keeping } from '../../../src/contract/index.ts';
import { sayRefusal, useChange } from '../api.ts';
import { useMay } from '../session.ts';
import { WhyButton } from '../shell/controls.tsx';
import { Said } from '../shell/states.tsx';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { shellWords } from '../words/shell.ts';
import { periodText, type Reason, ruleText } from './reasons.tsx';

type Unit = 'day' | 'month' | 'year';
const units: readonly Unit[] = ['day', 'month', 'year'];

export function LogPeriod({
  period,
  floor,
}: {
  period: { n: number; unit: string };
  floor: readonly Reason[];
}) {
  const t = useWords(keepingWords);
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const why = may('unit.configure') ? null : sayRefusal('gate.denied', { action: 'unit.configure' });
  const [first] = floor;
  return (
    <section className="panel" aria-label={t('logTitle')}>
      <div className="keeping-head">
        <h2>{t('logTitle')}</h2>
        <WhyButton size="small" why={why} onClick={() => setOpen(true)}>
          {t('logEdit')}
        </WhyButton>
      </div>
      <p>
        {t('logSays', {
          period: periodText(period),
          floor: first ? periodText(first.period) : t('noFloor'),
          by: first ? ruleText(first) : '—',
        })}
      </p>
      {isOpen && <EditLogPeriod period={period} close={() => setOpen(false)} />}
    </section>
  );
}

function EditLogPeriod({ period, close }: { period: { n: number; unit: string }; close: () => void }) {
  const t = useWords(keepingWords);
  const shell = useWords(shellWords);
  const [form] = Form.useForm<{ n: number; unit: Unit }>();
  const save = useChange(keeping.setLogPeriod, [keeping.keeping]);
  return (
    <Modal
      open
      title={t('logTitle')}
      okText={shell('save')}
      cancelText={shell('cancel')}
      onOk={form.submit}
      onCancel={close}
      confirmLoading={save.isPending}
    >
      <Said error={save.error} />
      <Form
        form={form}
        initialValues={period}
        onFinish={(given) => save.mutate({ body: { period: given } }, { onSuccess: close })}
      >
        <Space.Compact>
          <Form.Item name="n" noStyle rules={[{ required: true, message: shell('required') }]}>
            <InputNumber min={1} max={3660} precision={0} aria-label={t('periodN')} />
          </Form.Item>
          <Form.Item name="unit" noStyle>
            <Select
              aria-label={t('periodUnit')}
              popupMatchSelectWidth={false}
              options={units.map((value) => ({ value, label: t(`unit_${value}`) }))}
            />
          </Form.Item>
        </Space.Compact>
      </Form>
    </Modal>
  );
}
