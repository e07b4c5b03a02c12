/** Keeping: each site's ruling with its sources, what is held and marked, what was asked to be erased, what went. */
import { Link } from '@tanstack/react-router';
import { Checkbox, Form, Radio } from 'antd';
import { useState } from 'react';
import { z } from 'zod';
import { keeping } from '../../../src/contract/index.ts';
import { type ReplyOf, sayRefusal, useCall, useChange } from '../api.ts';
import { useMay } from '../session.ts';
import { ReasonDialog, useTell, WhyButton } from '../shell/controls.tsx';
import { Page } from '../shell/Page.tsx';
import { type Column, Register, type RegisterState, RegisterTools } from '../shell/Register.tsx';
import { Empty, Loaded, Notice } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { sayTime } from '../time.ts';
import { useUrlState } from '../urlState.ts';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { Certificates } from './Certificates.tsx';
import { KeepingDialog } from './KeepingDialog.tsx';
import { LogPeriod } from './LogPeriod.tsx';
import { periodText, Rules, ruleText } from './reasons.tsx';
import './keeping.css';

const shows = ['sites', 'holds', 'marks', 'erasures', 'certificates'] as const;
const address = z.object({
  show: z.enum(shows).catch('sites'),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(400).optional().catch(undefined),
  over: z.enum(['yes']).optional().catch(undefined),
});

type Kept = ReplyOf<typeof keeping.keeping>;
type Site = Kept['sites'][number];
type T = ReturnType<typeof useWords<typeof keepingWords.en>>;

export function KeepingPage() {
  const t = useWords(keepingWords);
  const [state, change] = useUrlState(address);
  const tabs = {
    sites: t('tabSites'),
    holds: t('tabHolds'),
    marks: t('tabMarks'),
    erasures: t('tabErasures'),
    certificates: t('tabCertificates'),
  };
  return (
    <Page title={t('title')} says={t('says')} wide>
      <nav className="tabs keeping-tabs" aria-label={t('tabs')}>
        {shows.map((each) => (
          <Link
            key={each}
            to="/keeping"
            search={each === 'sites' ? {} : { show: each }}
            className="tab"
            {...(state.show === each ? { 'aria-current': 'page' as const } : {})}
          >
            {tabs[each]}
          </Link>
        ))}
      </nav>
      {state.show === 'sites' && <Sites />}
      {state.show === 'holds' && (
        <Holds
          state={state}
          change={change}
          all={state.over === 'yes'}
          onAll={(all) => change({ over: all ? 'yes' : undefined })}
        />
      )}
      {state.show === 'marks' && <Marks state={state} change={change} />}
      {state.show === 'erasures' && <Erasures state={state} change={change} />}
      {state.show === 'certificates' && <Certificates state={state} change={change} />}
    </Page>
  );
}

// ---- sites

function Sites() {
  const t = useWords(keepingWords);
  const found = useCall(keeping.keeping, {}, { refetchInterval: 30_000 });
  const [open, setOpen] = useState<Site | null>(null);
  return (
    <Loaded of={found}>
      {(kept) => (
        <>
          <ReaperState kept={kept} />
          <div className="panels">
            {kept.sites.map((site) => (
              <SitePanel key={site.siteId} site={site} edit={() => setOpen(site)} />
            ))}
            <LogPeriod period={kept.logPeriod} floor={kept.logFloor} />
          </div>
          {kept.sites.length === 0 && <Empty title={t('noHolds')} />}
          {open && (
            <KeepingDialog site={{ id: open.siteId, name: open.siteName }} close={() => setOpen(null)} />
          )}
        </>
      )}
    </Loaded>
  );
}

function ReaperState({ kept: { reaper } }: { kept: Kept }) {
  const t = useWords(keepingWords);
  const tell = useTell();
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const confirm = useChange(keeping.confirmClock, [keeping.keeping]);
  const why = may('retention.decide') ? null : sayRefusal('gate.denied', { action: 'retention.decide' });
  if (reaper.doubt === null)
    return (
      <p className="soft keeping-reaper">
        {reaper.troubled > 0 ? t('reaperTrouble', { count: reaper.troubled }) : t('reaperIdle')}{' '}
        {reaper.lastPass && t('reaperLast', { time: sayTime(reaper.lastPass) })}{' '}
        {reaper.open > reaper.troubled && t('reaperOpen', { count: reaper.open - reaper.troubled })}
      </p>
    );
  const values = { before: reaper.believed ? sayTime(reaper.believed) : '—', now: sayTime(reaper.now) };
  return (
    <div className="keeping-reaper">
      <Notice tone="loss">
        <p>{reaper.doubt === 'forward' ? t('doubtForward', values) : t('doubtBack', values)}</p>
        {reaper.hoursLeft !== null && <p>{t('doubtLeft', { hours: reaper.hoursLeft })}</p>}
        <WhyButton size="small" why={why} onClick={() => setOpen(true)}>
          {t('confirmClock')}
        </WhyButton>
      </Notice>
      {isOpen && (
        <ReasonDialog
          title={t('confirmClockTitle')}
          says={t('confirmClockSays', { now: sayTime(reaper.now) })}
          doIt={t('confirmClock')}
          run={async (reason) => {
            await confirm.mutateAsync({ body: { now: new Date().toISOString(), reason } });
            tell.done(t('confirmed'));
          }}
          close={() => setOpen(false)}
        />
      )}
    </div>
  );
}

function SitePanel({ site, edit }: { site: Site; edit: () => void }) {
  const t = useWords(keepingWords);
  const may = useMay();
  const why = may('site.configure') ? null : sayRefusal('gate.denied', { action: 'site.configure' });
  return (
    <section className="panel" aria-label={site.siteName}>
      <div className="keeping-head">
        <h2>{site.siteName}</h2>
        <WhyButton size="small" why={why} onClick={edit} aria-label={t('settleOf', { site: site.siteName })}>
          {t('settle')}
        </WhyButton>
      </div>
      {site.settled === null && <Notice>{t('notSettled', { site: site.siteName })}</Notice>}
      <dl className="facts keeping-facts">
        <dt>{t('atLeast')}</dt>
        <dd>
          <Rules of={site.floor} none={t('noFloor')} />
        </dd>
        <dt>{t('policy')}</dt>
        <dd>
          {site.period ? <strong>{periodText(site.period)}</strong> : t('asLaw')}
          {site.justification && <span className="keeping-rule">{site.justification}</span>}
        </dd>
        <dt>{t('atMost')}</dt>
        <dd>
          <Rules of={site.ceiling} none={t('noCeiling')} />
        </dd>
        {site.important.length > 0 && (
          <>
            <dt>{t('importantFor')}</dt>
            <dd>
              <Rules of={site.important} none="" />
            </dd>
          </>
        )}
        {site.unverified.length > 0 && (
          <>
            <dt>{t('unverified')}</dt>
            <dd>
              <Rules of={site.unverified} none="" />
            </dd>
          </>
        )}
      </dl>
      {site.conflict && <ConflictOf site={site} conflict={site.conflict} />}
      <p className="soft keeping-foot">
        {site.settled &&
          t('settledBy', {
            name: site.settledBy === 'system' ? t('system') : (site.settledBy ?? ''),
            time: sayTime(site.settled),
          })}{' '}
        {site.holds > 0 && t('heldSpans', { count: site.holds })}
      </p>
    </section>
  );
}

function ConflictOf({ site, conflict }: { site: Site; conflict: NonNullable<Site['conflict']> }) {
  const t = useWords(keepingWords);
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const why = may('retention.decide') ? null : sayRefusal('gate.denied', { action: 'retention.decide' });
  const { floor, ceiling } = conflict;
  const floorSays = t('keepFloor', { period: periodText(floor.period), by: ruleText(floor) });
  const ceilingSays = t('keepCeiling', { period: periodText(ceiling.period), by: ruleText(ceiling) });
  return (
    <Notice tone={site.decision ? 'info' : 'warn'}>
      <p>
        {t('isConflict', {
          ...{ floor: periodText(floor.period), floorBy: ruleText(floor) },
          ...{ ceiling: periodText(ceiling.period), ceilingBy: ruleText(ceiling) },
        })}{' '}
        {site.decision
          ? t('conflictDecided', {
              name: site.decision.by,
              which: site.decision.keeps === 'floor' ? floorSays : ceilingSays,
              reason: site.decision.reason,
            })
          : t('conflictOpen')}
      </p>
      <WhyButton size="small" why={why} onClick={() => setOpen(true)}>
        {t('decide')}
      </WhyButton>
      {isOpen && (
        <Decide
          site={site}
          conflict={conflict}
          choices={{ floor: floorSays, ceiling: ceilingSays }}
          close={() => setOpen(false)}
        />
      )}
    </Notice>
  );
}

function Decide({
  site,
  conflict,
  choices,
  close,
}: {
  site: Site;
  conflict: NonNullable<Site['conflict']>;
  choices: { floor: string; ceiling: string };
  close: () => void;
}) {
  const t = useWords(keepingWords);
  const tell = useTell();
  const decide = useChange(keeping.decideConflict, [keeping.keeping]);
  const [keeps, setKeeps] = useState<'floor' | 'ceiling'>(conflict.higher === 'floor' ? 'floor' : 'ceiling');
  const ranks = { floor: t('higherFloor'), ceiling: t('higherCeiling'), none: t('higherNone') };
  return (
    <ReasonDialog
      title={t('decideTitle')}
      says={ranks[conflict.higher]}
      doIt={t('decide')}
      extra={
        <Form.Item>
          <Radio.Group
            className="keeping-choice"
            value={keeps}
            onChange={(event) => setKeeps(event.target.value as 'floor' | 'ceiling')}
            options={[
              { value: 'floor', label: choices.floor },
              { value: 'ceiling', label: choices.ceiling },
            ]}
          />
        </Form.Item>
      }
      run={async (reason) => {
        await decide.mutateAsync({
          params: { id: site.siteId },
          body: { conflict: conflict.name, keeps, reason },
        });
        tell.done(t('saved'));
      }}
      close={close}
    />
  );
}

// ---- holds and marks

interface Listing {
  readonly state: RegisterState;
  readonly change: (next: RegisterState) => void;
}

type Hold = ReplyOf<typeof keeping.holds>['items'][number];
type Mark = ReplyOf<typeof keeping.marks>['items'][number];
type Spanned = { cameraId: string; cameraName: string; siteName: string; from: string; to: string };

const spanColumns = <R extends Spanned>(t: T): Column<R>[] => [
  {
    ...{ key: 'camera', title: t('camera'), isHead: true, value: (row: R) => row.cameraName },
    cell: (row) => (
      <Link
        to="/cameras/$id"
        params={{ id: row.cameraId }}
        search={{ at: row.from } as Record<string, unknown>}
      >
        {row.cameraName}
      </Link>
    ),
  },
  { key: 'site', title: t('site'), value: (row) => row.siteName, cell: (row) => row.siteName },
  { key: 'from', title: t('from'), value: (row) => row.from, cell: (row) => <Time at={row.from} /> },
  { key: 'to', title: t('to'), value: (row) => row.to, cell: (row) => <Time at={row.to} /> },
];

function holdColumns(t: T): Column<Hold>[] {
  return [
    ...spanColumns<Hold>(t),
    {
      ...{ key: 'until', title: t('until'), value: (row: Hold) => row.until },
      cell: (row) => (row.until ? <Time at={row.until} /> : t('openEnded')),
    },
    { key: 'reason', title: t('reason'), value: (row) => row.reason, cell: (row) => row.reason },
    {
      ...{ key: 'authority', title: t('authority'), value: (row: Hold) => row.authority },
      cell: (row) => [row.authority, row.reference].filter(Boolean).join(' · ') || '—',
    },
    { key: 'by', title: t('by'), value: (row) => row.createdBy, cell: (row) => row.createdBy },
    {
      ...{ key: 'state', title: t('state'), value: (row: Hold) => (row.inForce ? 1 : 0) },
      cell: (row) => (row.inForce ? t('inForce') : t('over')),
    },
  ];
}

function Holds({ state, change, all, onAll }: Listing & { all: boolean; onAll: (all: boolean) => void }) {
  const t = useWords(keepingWords);
  const tell = useTell();
  const found = useCall(keeping.holds, { query: { limit: 500, all: all ? 'true' : 'false' } });
  const [open, setOpen] = useState<Hold | null>(null);
  const release = useChange(keeping.releaseHold, [keeping.holds, keeping.keeping]);
  const may = useMay();
  const why = may('footage.hold') ? null : sayRefusal('gate.denied', { action: 'footage.hold' });
  const columns = holdColumns(t);
  return (
    <Loaded of={found}>
      {({ items }) => (
        <>
          <div className="tools">
            <p className="soft tools-says">{t('holdsSay')}</p>
            <Checkbox checked={all} onChange={(event) => onAll(event.target.checked)}>
              {t('withOver')}
            </Checkbox>
            <RegisterTools name="holds" rows={items} columns={columns} state={state} change={change} />
          </div>
          {items.length === 0 ? (
            <Empty title={t('noHolds')}>{t('noHoldsSay')}</Empty>
          ) : (
            <Register
              caption={t('tabHolds')}
              rows={items}
              columns={columns}
              keyOf={(each) => each.id}
              state={state}
              change={change}
              toneOf={(each) => (each.inForce ? undefined : 'soft')}
              controls={(each) =>
                each.inForce && (
                  <WhyButton type="link" size="small" why={why} onClick={() => setOpen(each)}>
                    {t('release')}
                  </WhyButton>
                )
              }
            />
          )}
          {open && (
            <ReasonDialog
              title={t('releaseTitle', { camera: open.cameraName })}
              says={t('releaseSays')}
              doIt={t('release')}
              run={async (reason) => {
                await release.mutateAsync({ params: { id: open.id }, body: { reason } });
                tell.done(t('released'));
              }}
              close={() => setOpen(null)}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

function markColumns(t: T): Column<Mark>[] {
  return [
    ...spanColumns<Mark>(t),
    {
      ...{ key: 'kind', title: t('kind'), value: (row: Mark) => row.kind },
      cell: (row) => (row.kind === 'alarm' ? t('kind_alarm') : t('kind_important')),
    },
    {
      ...{ key: 'period', title: t('keepFor'), value: (row: Mark) => row.period && periodText(row.period) },
      cell: (row) => (row.period ? periodText(row.period) : t('asLaw')),
    },
    { key: 'reason', title: t('reason'), value: (row) => row.reason, cell: (row) => row.reason },
    { key: 'by', title: t('by'), value: (row) => row.createdBy, cell: (row) => row.createdBy },
  ];
}

function Marks({ state, change }: Listing) {
  const t = useWords(keepingWords);
  const tell = useTell();
  const found = useCall(keeping.marks, { query: { limit: 500 } });
  const [open, setOpen] = useState<Mark | null>(null);
  const remove = useChange(keeping.removeMark, [keeping.marks]);
  const may = useMay();
  const why = may('footage.mark') ? null : sayRefusal('gate.denied', { action: 'footage.mark' });
  const columns = markColumns(t);
  return (
    <Loaded of={found}>
      {({ items }) => (
        <>
          <div className="tools">
            <p className="soft tools-says">{t('marksSay')}</p>
            <RegisterTools name="marks" rows={items} columns={columns} state={state} change={change} />
          </div>
          {items.length === 0 ? (
            <Empty title={t('noMarks')}>{t('noHoldsSay')}</Empty>
          ) : (
            <Register
              caption={t('tabMarks')}
              rows={items}
              columns={columns}
              keyOf={(each) => each.id}
              state={state}
              change={change}
              controls={(each) => (
                <WhyButton type="link" size="small" why={why} onClick={() => setOpen(each)}>
                  {t('unmark')}
                </WhyButton>
              )}
            />
          )}
          {open && (
            <ReasonDialog
              title={t('unmarkTitle', { camera: open.cameraName })}
              says={t('unmarkSays')}
              doIt={t('unmark')}
              run={async (reason) => {
                await remove.mutateAsync({ params: { id: open.id }, body: { reason } });
                tell.done(t('unmarked'));
              }}
              close={() => setOpen(null)}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

// ---- erasure

type Erasure = ReplyOf<typeof keeping.erasures>['items'][number];

function Erasures({ state, change }: Listing) {
  const t = useWords(keepingWords);
  const found = useCall(keeping.erasures, { query: { limit: 200 } });
  const columns: Column<Erasure>[] = [
    {
      ...{ key: 'requester', title: t('requester'), isHead: true, value: (row: Erasure) => row.requester },
      cell: (row) => row.requester,
    },
    { key: 'from', title: t('from'), value: (row) => row.from, cell: (row) => <Time at={row.from} /> },
    { key: 'to', title: t('to'), value: (row) => row.to, cell: (row) => <Time at={row.to} /> },
    { key: 'reason', title: t('reason'), value: (row) => row.reason, cell: (row) => row.reason },
    {
      ...{ key: 'answer', title: t('answer'), unsortable: true, value: () => null },
      cell: (row) => <Pieces of={row.pieces} />,
    },
    {
      ...{ key: 'closed', title: t('closedAt'), value: (row: Erasure) => row.closed },
      cell: (row) => (row.closed ? <Time at={row.closed} /> : t('stillOpen')),
    },
  ];
  return (
    <Loaded of={found}>
      {({ items }) => (
        <>
          <div className="tools">
            <p className="soft tools-says">{t('erasuresSay')}</p>
          </div>
          {items.length === 0 ? (
            <Empty title={t('noErasures')}>{t('noHoldsSay')}</Empty>
          ) : (
            <Register
              caption={t('tabErasures')}
              rows={items}
              columns={columns}
              keyOf={(each) => each.id}
              state={state}
              change={change}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

export function Pieces({ of }: { of: Erasure['pieces'] }) {
  const t = useWords(keepingWords);
  return (
    <ul className="keeping-pieces">
      {of.map((piece) => (
        <li key={piece.from}>
          <Time at={piece.from} /> – <Time at={piece.to} />: <strong>{t(`outcome_${piece.outcome}`)}</strong>{' '}
          {piece.until && <Time at={piece.until} />}{' '}
          {piece.because[0] && <span className="soft">{ruleText(piece.because[0])}</span>}
        </li>
      ))}
    </ul>
  );
}

export type { Listing };
