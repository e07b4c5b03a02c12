/** What a filing tells of the managing unit, and the key that signs its packs. */
import { Button, Form, Input } from 'antd';
import { filing } from '../../../src/contract/index.ts';
import { type ReplyOf, useChange } from '../api.ts';
import { useTell } from '../shell/controls.tsx';
import { Said } from '../shell/states.tsx';
import { sayTime } from '../time.ts';
import { useWords } from '../useWords.ts';
import { filingWords } from '../words/filing.ts';
import { shellWords } from '../words/shell.ts';

const fields = ['creditCode', 'address', 'legalPerson', 'contact', 'phone'] as const;
type Values = Record<(typeof fields)[number], string>;

export function UnitTab({ overview: { unit, key, can } }: { overview: ReplyOf<typeof filing.overview> }) {
  const t = useWords(filingWords);
  const shell = useWords(shellWords);
  const tell = useTell();
  const save = useChange(filing.changeUnit, [filing.overview, filing.filingById]);
  const submit = (body: Values) => save.mutate({ body }, { onSuccess: () => tell.done(t('saved')) });
  return (
    <section className="panel">
      <h2>{unit.name}</h2>
      <p className="soft">{t('unitSays')}</p>
      <Said error={save.error} />
      <Form<Values>
        layout="vertical"
        requiredMark={false}
        disabled={!can.file}
        initialValues={unit}
        onFinish={submit}
        className="filing-unit"
      >
        {fields.map((name) => (
          <Form.Item key={name} name={name} label={t(name)}>
            <Input maxLength={name === 'address' ? 200 : 80} />
          </Form.Item>
        ))}
        {can.file && (
          <Button type="primary" htmlType="submit" loading={save.isPending}>
            {shell('save')}
          </Button>
        )}
      </Form>
      {unit.changed && (
        <p className="soft">{t('changed', { name: unit.changedBy ?? '', time: sayTime(unit.changed) })}</p>
      )}
      <h3>{t('key')}</h3>
      <p className="mono filing-key">{key}</p>
      <p className="soft">{t('keySays')}</p>
    </section>
  );
}
