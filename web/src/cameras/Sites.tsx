/** The sites: what stands where, and in which time zone its days are counted. */
import { Link } from '@tanstack/react-router';
import { Button, Form, Input, Select } from 'antd';
import { useState } from 'react';
import type { z } from 'zod';
import { collect } from '../../../src/contract/index.ts';
import { name as nameShape } from '../../../src/contract/shapes.ts';
import { useCall, useChange } from '../api.ts';
import { KeepingDialog } from '../keeping/KeepingDialog.tsx';
import { byShape, useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { type Column, Register, type RegisterState, RegisterTools } from '../shell/Register.tsx';
import { Empty, Loaded } from '../shell/states.tsx';
import { timeParts } from '../time.ts';
import { useWords } from '../useWords.ts';
import { cameraWords } from '../words/cameras.ts';
import { keepingWords } from '../words/keeping.ts';
import { shellWords } from '../words/shell.ts';

type Site = z.output<typeof collect.site>;

export function Sites({
  state,
  change,
  showCameras,
}: {
  state: RegisterState;
  change: (next: RegisterState) => void;
  showCameras: (site: string) => void;
}) {
  const t = useWords(cameraWords);
  const shell = useWords(shellWords);
  const k = useWords(keepingWords);
  const found = useCall(collect.sites, {});
  const [open, setOpen] = useState<Site | 'new' | null>(null);
  const [keeps, setKeeps] = useState<{ id: string; name: string } | null>(null);
  const why = useWhyNot()('site.configure');
  const columns = siteColumns(t, showCameras);
  return (
    <Loaded of={found}>
      {({ items }) => (
        <>
          <div className="tools">
            <p className="soft tools-says">{t('sitesSays')}</p>
            <RegisterTools name="sites" rows={items} columns={columns} state={state} change={change} />
            <WhyButton type="primary" why={why} onClick={() => setOpen('new')}>
              {t('addSite')}
            </WhyButton>
          </div>
          {items.length === 0 ? (
            <Empty title={t('noSites')}>{t('noSitesSays')}</Empty>
          ) : (
            <Register
              caption={t('tabSites')}
              rows={items}
              columns={columns}
              keyOf={(each) => each.id}
              state={state}
              change={change}
              controls={(each) => (
                <>
                  <WhyButton type="link" size="small" why={why} onClick={() => setKeeps(each)}>
                    {k('settleShort')}
                    <span className="hidden-words"> {each.name}</span>
                  </WhyButton>
                  <WhyButton
                    type="link"
                    size="small"
                    why={why}
                    onClick={() => setOpen(each)}
                    aria-label={t('editSite', { name: each.name })}
                  >
                    {shell('edit')}
                  </WhyButton>
                </>
              )}
            />
          )}
          {keeps && <KeepingDialog site={keeps} close={() => setKeeps(null)} />}
          {open && (
            <SiteDialog made={setKeeps} site={open === 'new' ? null : open} close={() => setOpen(null)} />
          )}
        </>
      )}
    </Loaded>
  );
}

function siteColumns(
  t: ReturnType<typeof useWords<typeof cameraWords.en>>,
  showCameras: (site: string) => void,
): Column<Site>[] {
  return [
    {
      key: 'name',
      title: t('siteName'),
      isHead: true,
      value: (each) => each.name,
      cell: (each) => (
        <Link to="/sites/$id" params={{ id: each.id }} className="cell-link">
          {each.name}
        </Link>
      ),
    },
    {
      key: 'address',
      title: t('siteAddress'),
      value: (each) => each.address,
      cell: (each) => each.address || '—',
    },
    {
      key: 'zone',
      title: t('siteZone'),
      value: (each) => each.timeZone,
      cell: (each) => `${each.timeZone} (${timeParts(new Date(), each.timeZone).zone})`,
    },
    {
      key: 'cameras',
      title: t('siteCameras'),
      isNumber: true,
      value: (each) => each.cameras,
      cell: (each) =>
        each.cameras === 0 ? (
          '0'
        ) : (
          <Button type="link" size="small" className="number" onClick={() => showCameras(each.id)}>
            {each.cameras}
            <span className="hidden-words">{t('showCameras', { name: each.name })}</span>
          </Button>
        ),
    },
  ];
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    // RangeError is how Intl says no.
    return false;
  }
}

interface SiteFields {
  name: string;
  address?: string;
  timeZone: string;
}

function SiteDialog({
  site,
  made,
  close,
}: {
  site: Site | null;
  /** A new site is asked at once what it is and how long it keeps. */
  made: (site: { id: string; name: string }) => void;
  close: () => void;
}) {
  const t = useWords(cameraWords);
  const shell = useWords(shellWords);
  const tell = useTell();
  const [form] = Form.useForm<SiteFields>();
  const stale = [collect.sites, collect.cameras, collect.cameraById];
  const add = useChange(collect.addSite, stale);
  const save = useChange(collect.changeSite, stale);
  const then = {
    onSuccess: (saved: Site) => {
      tell.done(t('siteSaved'));
      close();
      if (!site) made(saved);
    },
  };
  const submit = ({ name, address, timeZone }: SiteFields) => {
    const body = { name, timeZone, address: address ?? '' };
    if (site) save.mutate({ params: { id: site.id }, body }, then);
    else add.mutate({ body }, then);
  };
  return (
    <FormDialog
      title={site ? t('editSite', { name: site.name }) : t('addSite')}
      form={form}
      saving={site ? save : add}
      submit={submit}
      close={close}
      initialValues={site ?? { timeZone: 'Asia/Shanghai' }}
    >
      <Form.Item
        name="name"
        label={t('siteName')}
        rules={[
          { required: true, whitespace: true, message: shell('required') },
          byShape(nameShape, t('fieldNameBad')),
        ]}
      >
        <Input maxLength={80} autoFocus />
      </Form.Item>
      <Form.Item name="address" label={t('siteAddress')}>
        <Input maxLength={2000} />
      </Form.Item>
      <Form.Item
        name="timeZone"
        label={t('siteZone')}
        rules={[
          {
            validator: (_, zone: string) =>
              isTimeZone(zone) ? Promise.resolve() : Promise.reject(new Error(t('siteZoneBad'))),
          },
        ]}
      >
        <Select
          showSearch
          options={Intl.supportedValuesOf('timeZone').map((value) => ({ value, label: value }))}
        />
      </Form.Item>
    </FormDialog>
  );
}
