/** Adds a camera: address, test, and it records. */
import { useNavigate } from '@tanstack/react-router';
import { Button, Form } from 'antd';
import { collect } from '../../../src/contract/index.ts';
import { useCall, useChange } from '../api.ts';
import { type CameraFields, CameraForm, newCameraBody } from '../cameras/CameraForm.tsx';
import { useTell } from '../shell/controls.tsx';
import { Page } from '../shell/Page.tsx';
import { Loaded } from '../shell/states.tsx';
import { useWords } from '../useWords.ts';
import { cameraWords } from '../words/cameras.ts';
import { shellWords } from '../words/shell.ts';

export function NewCameraPage() {
  const t = useWords(cameraWords);
  const shell = useWords(shellWords);
  const navigate = useNavigate();
  const tell = useTell();
  const [form] = Form.useForm<CameraFields>();
  const sites = useCall(collect.sites, {});
  const add = useChange(collect.addCamera, [collect.cameras, collect.sites]);
  const submit = (fields: CameraFields) =>
    add.mutate(
      { body: newCameraBody(fields, sites.data?.items ?? []) },
      {
        onSuccess: (camera) => {
          tell.done(t('added', { name: camera.name }));
          void navigate({ to: '/cameras', search: { q: '' } });
        },
      },
    );
  return (
    <Page title={t('add')} says={t('addSays')}>
      <section className="panel form-panel">
        <Loaded of={sites}>
          {({ items }) => (
            <>
              <CameraForm
                form={form}
                sites={items}
                initial={items[0] ? { siteId: items[0].id } : {}}
                onSubmit={submit}
                error={add.error}
              />
              <div className="form-ends">
                <Button type="primary" loading={add.isPending} onClick={form.submit}>
                  {t('addDo')}
                </Button>
                <Button onClick={() => void navigate({ to: '/cameras' })}>{shell('cancel')}</Button>
                <span className="soft form-ends-says">{t('addUntested')}</span>
              </div>
            </>
          )}
        </Loaded>
      </section>
    </Page>
  );
}
