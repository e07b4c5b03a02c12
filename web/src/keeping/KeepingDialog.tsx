/** Says, for one site, what it is and how long it keeps. */
import { Form } from 'antd';
import { collect, keeping } from '../../../src/contract/index.ts';
import { useCall, useChange } from '../api.ts';
import { useTell } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Loaded } from '../shell/states.tsx';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { bodyOf, fieldsOf, type KeepingFields, KeepingItems, type SiteKeeping } from './KeepingForm.tsx';

export function KeepingDialog({ site, close }: { site: { id: string; name: string }; close: () => void }) {
  const found = useCall(keeping.keeping, {});
  const known = found.data?.sites.find((each) => each.siteId === site.id) as SiteKeeping | undefined;
  // A form takes its first values once: it is drawn when they are there.
  if (found.data) return <Filled site={site} known={known} close={close} />;
  return <Loaded of={found}>{() => null}</Loaded>;
}

const settledBy = (fields: KeepingFields) => ({
  ...bodyOf(fields),
  ...(fields.why?.trim() ? { why: fields.why.trim() } : {}),
});

function Filled({
  site,
  known,
  close,
}: {
  site: { id: string; name: string };
  known: SiteKeeping | undefined;
  close: () => void;
}) {
  const t = useWords(keepingWords);
  const [form] = Form.useForm<KeepingFields>();
  const tell = useTell();
  const save = useChange(keeping.settleSite, [keeping.keeping, collect.sites]);
  const submit = () =>
    save.mutate(
      // Hidden fields count as well: what was suggested is what is saved.
      { params: { id: site.id }, body: settledBy(form.getFieldsValue(true) as KeepingFields) },
      {
        onSuccess: () => {
          tell.done(t('saved'));
          close();
        },
      },
    );
  return (
    <FormDialog
      title={t('settleOf', { site: site.name })}
      form={form}
      saving={save}
      submit={submit}
      close={close}
      {...(known ? { initialValues: fieldsOf(known) } : {})}
    >
      <KeepingItems form={form} />
    </FormDialog>
  );
}
