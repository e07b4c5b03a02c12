/** Says, for one site, what it is and how long it keeps. */
import { Form, Modal } from 'antd';
import { collect, keeping } from '../../../src/contract/index.ts';
import { useCall, useChange } from '../api.ts';
import { useTell } from '../shell/controls.tsx';
import { Loaded, Said } from '../shell/states.tsx';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { shellWords } from '../words/shell.ts';
import { bodyOf, fieldsOf, type KeepingFields, KeepingItems, type SiteKeeping } from './KeepingForm.tsx';

export function KeepingDialog({ site, close }: { site: { id: string; name: string }; close: () => void }) {
  const t = useWords(keepingWords);
  const shell = useWords(shellWords);
  const found = useCall(keeping.keeping, {});
  const [form] = Form.useForm<KeepingFields>();
  const tell = useTell();
  const save = useChange(keeping.settleSite, [keeping.keeping, collect.sites]);
  const submit = () =>
    save.mutate(
      // Hidden fields count as well: what was suggested is what is saved.
      { params: { id: site.id }, body: bodyOf(form.getFieldsValue(true) as KeepingFields) },
      {
        onSuccess: () => {
          tell.done(t('saved'));
          close();
        },
      },
    );
  return (
    <Modal
      open
      title={t('settleOf', { site: site.name })}
      okText={shell('save')}
      cancelText={shell('cancel')}
      onOk={form.submit}
      onCancel={close}
      confirmLoading={save.isPending}
    >
      <Loaded of={found} rows={4}>
        {({ sites }) => {
          const known = sites.find((each) => each.siteId === site.id) as SiteKeeping | undefined;
          return (
            <Form
              form={form}
              layout="vertical"
              requiredMark={false}
              onFinish={submit}
              {...(known ? { initialValues: fieldsOf(known) } : {})}
            >
              <Said error={save.error} />
              <KeepingItems form={form} />
            </Form>
          );
        }}
      </Loaded>
    </Modal>
  );
}
