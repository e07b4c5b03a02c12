/** Sites and cameras: the register, with its filters, order and columns in the address. */
import { EllipsisOutlined } from '@ant-design/icons';
import { Link, useNavigate } from '@tanstack/react-router';
import { Button, Dropdown, Input, Select } from 'antd';
import { useCallback, useMemo, useState } from 'react';
import { z } from 'zod';
import { collect } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { EditCamera } from '../cameras/EditCamera.tsx';
import { LifeDialog, type LifeStep, useResume } from '../cameras/life.tsx';
import { Places } from '../cameras/Places.tsx';
import { Sites } from '../cameras/Sites.tsx';
import { type Camera, figures, mainStream, StatusTag, statuses, useTroubleOf } from '../cameras/state.tsx';
import { useWhyNot, WhyButton, whyNot } from '../shell/controls.tsx';
import { Page } from '../shell/Page.tsx';
import { type Column, Register, RegisterTools } from '../shell/Register.tsx';
import { Empty, Loaded } from '../shell/states.tsx';
import { Tabs } from '../shell/Tabs.tsx';
import { timeParts } from '../time.ts';
import { useUrlState } from '../urlState.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { cameraWords } from '../words/cameras.ts';
import { importWords } from '../words/imports.ts';
import { placeWords } from '../words/places.ts';
import { shellWords } from '../words/shell.ts';
import { siteWords } from '../words/sites.ts';

const address = z.object({
  show: z.enum(['cameras', 'sites', 'places']).catch('cameras'),
  q: z.string().max(100).optional().catch(undefined),
  site: z.string().max(40).optional().catch(undefined),
  status: z.enum(statuses).optional().catch(undefined),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(300).optional().catch(undefined),
  edit: z.string().max(40).optional().catch(undefined),
});

export function CamerasPage() {
  const t = useWords(cameraWords);
  const i = useWords(importWords);
  const p = useWords(placeWords);
  const navigate = useNavigate();
  const [state, change] = useUrlState(address);
  const why = useWhyNot()('camera.configure');
  const tabs = [
    { value: 'cameras', label: t('tabCameras') },
    { value: 'sites', label: t('tabSites') },
    { value: 'places', label: p('tab') },
  ] as const;
  return (
    <Page
      title={t('title')}
      wide
      extra={
        <>
          <WhyButton why={why} onClick={() => void navigate({ to: '/import/cameras' })}>
            {i('toImport')}
          </WhyButton>
          <WhyButton type="primary" why={why} onClick={() => void navigate({ to: '/cameras/new' })}>
            {t('add')}
          </WhyButton>
        </>
      }
    >
      <Tabs label={t('tabs')} to="/cameras" tabs={tabs} shown={state.show} />
      {state.show === 'places' ? (
        <Places state={state} change={change} />
      ) : state.show === 'sites' ? (
        <Sites
          state={state}
          change={change}
          showCameras={(site) =>
            change({ show: undefined, site, sort: undefined, columns: undefined }, { push: true })
          }
        />
      ) : (
        <Cameras state={state} change={change} />
      )}
      {state.edit && <EditCamera id={state.edit} close={() => change({ edit: undefined })} />}
    </Page>
  );
}

type State = z.output<typeof address>;
type Change = ReturnType<typeof useUrlState<typeof address>>[1];

function Cameras({ state, change }: { state: State; change: Change }) {
  const t = useWords(cameraWords);
  const found = useCall(collect.cameras, {}, { refetchInterval: 15_000 });
  const columns = useCameraColumns();
  const [step, setStep] = useState<Asked | null>(null);
  const controls = useCallback(
    (each: Camera) => <CameraMenu camera={each} change={change} ask={setStep} />,
    [change],
  );
  return (
    <Loaded of={found} rows={10}>
      {({ items }) => {
        const rows = items.filter((each) => matches(each, state));
        if (items.length === 0) return <Empty title={t('noCameras')}>{t('noCamerasSays')}</Empty>;
        return (
          <>
            <Filters all={items} state={state} change={change}>
              <RegisterTools name="cameras" rows={rows} columns={columns} state={state} change={change} />
            </Filters>
            <p className="register-count" role="status">
              {rows.length === items.length
                ? t('count', { count: items.length })
                : t('countOf', { shown: rows.length, count: items.length })}
            </p>
            {rows.length === 0 ? (
              <NoMatch change={change} />
            ) : (
              <Register
                caption={t('tabCameras')}
                rows={rows}
                columns={columns}
                keyOf={(each) => each.id}
                state={state}
                change={change}
                controls={controls}
              />
            )}
            {step && <LifeDialog camera={step.camera} step={step.step} close={() => setStep(null)} />}
          </>
        );
      }}
    </Loaded>
  );
}

function matches(camera: Camera, state: State): boolean {
  if (state.site && camera.siteId !== state.site) return false;
  if (state.status && camera.status !== state.status) return false;
  const wanted = state.q?.trim().toLowerCase();
  return (
    !wanted ||
    [camera.name, camera.siteName, camera.url, camera.number ?? ''].some((each) =>
      each.toLowerCase().includes(wanted),
    )
  );
}

function Filters({
  all,
  state,
  change,
  children,
}: {
  all: readonly Camera[];
  state: State;
  change: Change;
  children: React.ReactNode;
}) {
  const t = useWords(cameraWords);
  const shell = useWords(shellWords);
  const sites = useCall(collect.sites, {});
  const count = (status: Camera['status']) => all.filter((each) => each.status === status).length;
  const isFiltered = Boolean(state.q || state.site || state.status);
  return (
    <div className="tools">
      <Input.Search
        className="tools-search"
        allowClear
        aria-label={t('searchLabel')}
        placeholder={t('searchLabel')}
        defaultValue={state.q ?? ''}
        onChange={(event) => change({ q: event.target.value || undefined })}
      />
      <Select
        aria-label={t('siteFilter')}
        className="tools-select"
        value={state.site ?? ''}
        onChange={(site) => change({ site: site || undefined })}
        options={[
          { value: '', label: t('allSites') },
          ...(sites.data?.items ?? []).map((each) => ({ value: each.id, label: each.name })),
        ]}
      />
      <Select<Camera['status'] | ''>
        aria-label={t('statusFilter')}
        className="tools-select"
        value={state.status ?? ''}
        onChange={(status) => change({ status: status || undefined })}
        options={[
          { value: '', label: t('anyStatus') },
          ...statuses.map((value) => ({ value, label: `${t(`status_${value}`)} (${count(value)})` })),
        ]}
      />
      {isFiltered && (
        <Button type="link" onClick={() => change({ q: undefined, site: undefined, status: undefined })}>
          {shell('clearFilters')}
        </Button>
      )}
      <span className="tools-gap" />
      {children}
    </div>
  );
}

function NoMatch({ change }: { change: Change }) {
  const t = useWords(cameraWords);
  const shell = useWords(shellWords);
  return (
    <Empty title={t('noMatch')}>
      <Button onClick={() => change({ q: undefined, site: undefined, status: undefined })}>
        {shell('clearFilters')}
      </Button>
    </Empty>
  );
}

interface Asked {
  readonly camera: Camera;
  readonly step: LifeStep;
}

function CameraMenu({
  camera,
  change,
  ask,
}: {
  camera: Camera;
  change: Change;
  ask: (asked: Asked) => void;
}) {
  const resume = useResume();
  const t = useWords(cameraWords);
  const shell = useWords(shellWords);
  const entry = (
    key: string,
    label: string,
    action: 'camera.configure' | 'camera.pause',
    onClick: () => void,
  ) => {
    const why = whyNot(camera.can, action);
    return { key, disabled: why !== null, label: why === null ? label : `${label} — ${why}`, onClick };
  };
  const items = [
    entry('edit', shell('edit'), 'camera.configure', () => change({ edit: camera.id }, { push: true })),
    camera.recording === 'on'
      ? entry('pause', t('pause'), 'camera.pause', () => ask({ camera, step: 'pause' }))
      : entry('resume', t('resume'), 'camera.pause', () => resume(camera)),
    entry('retire', t('retire'), 'camera.configure', () => ask({ camera, step: 'retire' })),
  ];
  return (
    <Dropdown menu={{ items }} trigger={['click']} placement="bottomRight">
      <Button
        type="text"
        size="small"
        icon={<EllipsisOutlined />}
        aria-label={t('more', { name: camera.name })}
      />
    </Dropdown>
  );
}

function useCameraColumns(): readonly Column<Camera>[] {
  const t = useWords(cameraWords);
  const s = useWords(siteWords);
  const lang = useLanguage();
  return useMemo((): Column<Camera>[] => {
    const figure = (
      key: string,
      title: string,
      say: (camera: Camera) => string | null,
      value: Column<Camera>['value'],
      isExtra = false,
    ): Column<Camera> => ({
      key,
      title,
      value,
      isNumber: true,
      isExtra,
      cell: (camera) => say(camera) ?? <span className="soft">—</span>,
    });
    const main = mainStream;
    return [
      {
        key: 'status',
        title: t('status'),
        isHead: false,
        value: (each) => t(`status_${each.status}`),
        cell: (each) => <StatusCell camera={each} />,
      },
      {
        key: 'name',
        title: t('name'),
        isHead: true,
        value: (each) => each.name,
        cell: (each) => <CameraName camera={each} />,
      },
      {
        key: 'number',
        title: s('number'),
        isExtra: true,
        value: (each) => each.number,
        cell: (each) => each.number ?? '—',
      },
      { key: 'site', title: t('site'), value: (each) => each.siteName, cell: (each) => each.siteName },
      {
        ...figure(
          'codec',
          t('codec'),
          (each) => figures.codec(main(each)),
          (each) => figures.codec(main(each)),
        ),
        isNumber: false,
      },
      figure(
        'size',
        t('size'),
        (each) => figures.size(main(each)),
        (each) => figures.size(main(each)),
      ),
      figure(
        'fps',
        t('fps'),
        (each) => figures.fps(main(each), lang),
        (each) => main(each)?.fps ?? null,
      ),
      figure(
        'kbps',
        t('kbps'),
        (each) => figures.kbps(main(each), lang),
        (each) => main(each)?.kbps ?? null,
      ),
      figure(
        'loss',
        t('loss'),
        (each) => main(each)?.packetsLost.toLocaleString(lang) ?? null,
        (each) => main(each)?.packetsLost ?? null,
      ),
      figure(
        'clock',
        t('clock'),
        (each) => figures.clock(main(each), lang),
        (each) => main(each)?.clockOffsetMs ?? null,
      ),
      figure(
        'drift',
        t('drift'),
        (each) => figures.drift(main(each), lang),
        (each) => main(each)?.clockDriftPpm ?? null,
      ),
      {
        key: 'until',
        title: t('recordedUntil'),
        value: (each) => each.recordedUntil,
        cell: (each) => <Until camera={each} />,
      },
      figure(
        'reordered',
        t('reordered'),
        (each) => main(each)?.packetsReordered.toLocaleString(lang) ?? null,
        (each) => main(each)?.packetsReordered ?? null,
        true,
      ),
      {
        key: 'transport',
        title: t('transportColumn'),
        isExtra: true,
        value: (each) => transportOf(each),
        cell: (each) => transportOf(each) ?? '—',
      },
      {
        key: 'sound',
        title: t('sound'),
        isExtra: true,
        value: (each) => soundOf(each),
        cell: (each) => soundOf(each),
      },
      figure('viewers', t('viewers'), (each) => String(viewersOf(each)), viewersOf, true),
      {
        key: 'address',
        title: t('address'),
        isExtra: true,
        value: (each) => each.url,
        cell: (each) => <span className="mono">{each.url}</span>,
      },
    ];
    function transportOf(each: Camera): string | null {
      const transport = main(each)?.transport;
      return transport ? t(`transport_${transport}`) : null;
    }
    function soundOf(each: Camera): string {
      const words = { none: t('soundNone'), dropped: t('soundDropped'), recorded: t('soundRecorded') };
      return words[main(each)?.audio ?? 'none'];
    }
  }, [t, s, lang]);
}

function viewersOf(camera: Camera): number {
  return camera.streams.reduce((sum, each) => sum + each.viewers, 0);
}

function StatusCell({ camera }: { camera: Camera }) {
  const trouble = useTroubleOf()(camera);
  return (
    <>
      <StatusTag status={camera.status} />
      {trouble && <span className="cell-says">{trouble}</span>}
    </>
  );
}

function CameraName({ camera }: { camera: Camera }) {
  const t = useWords(cameraWords);
  return (
    <Link
      to="/cameras/$id"
      params={{ id: camera.id }}
      className="cell-link"
      title={t('openCamera', { name: camera.name })}
    >
      {camera.name}
    </Link>
  );
}

function Until({ camera }: { camera: Camera }) {
  const t = useWords(cameraWords);
  if (!camera.recordedUntil) return <span className="soft">{t('never')}</span>;
  const at = timeParts(camera.recordedUntil);
  const isToday = at.date === timeParts(Date.now()).date;
  return (
    <time dateTime={camera.recordedUntil} className="number nowrap">
      {isToday ? '' : `${at.date} `}
      {at.time} <span className="soft">{at.zone}</span>
    </time>
  );
}
