/** How long records of sign-ins are kept, and the floor of the law under it. */
import { Form } from 'antd';
import { useState } from 'react';
import { keeping } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { useWhyNot, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { longUnits, PeriodFields } from './period.tsx';
import { periodText, type Reason, ruleText } from './reasons.tsx';

type Unit = (typeof longUnits)[number];

export function LogPeriod({
  period,
  floor,
}: {
  period: { n: number; unit: string };
  floor: readonly Reason[];
}) {
  const t = useWords(keepingWords);
  const [isOpen, setOpen] = useState(false);
  const why = useWhyNot()('unit.configure');
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
  const [form] = Form.useForm<{ n: number; unit: Unit }>();
  const save = useChange(keeping.setLogPeriod, [keeping.keeping]);
  return (
    <FormDialog
      title={t('logTitle')}
      form={form}
      initialValues={period as { n: number; unit: Unit }}
      saving={save}
      submit={(given) => save.mutate({ body: { period: given } }, { onSuccess: close })}
      close={close}
    >
      <Form.Item label={t('logPeriod')}>
        <PeriodFields n="n" unit="unit" units={longUnits} required />
      </Form.Item>
    </FormDialog>
  );
}
