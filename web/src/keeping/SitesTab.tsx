/** How long each site keeps and because of whom, whether deletion works, and what a person has to decide. */
import { Form, Radio } from 'antd';
import { useState } from 'react';
import { keeping } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall, useChange } from '../api.ts';
import { ReasonDialog, useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { Loaded, Notice } from '../shell/states.tsx';
import { sayTime } from '../time.ts';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { KeepingDialog } from './KeepingDialog.tsx';
import { LogPeriod } from './LogPeriod.tsx';
import { periodText, Rules, ruleText } from './reasons.tsx';

type Kept = ReplyOf<typeof keeping.keeping>;
type Site = Kept['sites'][number];

export function SitesTab() {
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
          {open && (
            <KeepingDialog site={{ id: open.siteId, name: open.siteName }} close={() => setOpen(null)} />
          )}
        </>
      )}
    </Loaded>
  );
}

/** A clock that is apart from the proven time by less needs nobody. In seconds. */
const worthSaying = 60;

function ReaperState({ kept: { reaper } }: { kept: Kept }) {
  const t = useWords(keepingWords);
  const tell = useTell();
  const [isOpen, setOpen] = useState(false);
  const confirm = useChange(keeping.confirmClock, [keeping.keeping]);
  const why = useWhyNot()('retention.decide');
  const lagSeconds = (Date.parse(reaper.now) - Date.parse(reaper.proven)) / 1000;
  if (reaper.doubt === null && Math.abs(lagSeconds) < worthSaying)
    return (
      <p className="soft keeping-reaper">
        {reaper.troubled > 0 ? t('reaperTrouble', { count: reaper.troubled }) : t('reaperIdle')}{' '}
        {reaper.lastPass && t('reaperLast', { time: sayTime(reaper.lastPass) })}{' '}
        {reaper.open > reaper.troubled && t('reaperOpen', { count: reaper.open - reaper.troubled })}
      </p>
    );
  const values = { before: sayTime(reaper.proven), now: sayTime(reaper.now) };
  const says = reaper.doubt ?? (lagSeconds > 0 ? 'ahead' : 'behind');
  return (
    <div className="keeping-reaper">
      <Notice tone={reaper.doubt === null ? 'warn' : 'loss'}>
        <p>{t(`clock_${says}`, values)}</p>
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
  const why = useWhyNot()('site.configure');
  return (
    <section className="panel" aria-label={site.siteName}>
      <div className="keeping-head">
        <h2>{site.siteName}</h2>
        <WhyButton size="small" why={why} onClick={edit}>
          {t('settle')}
          <span className="hidden-words"> {site.siteName}</span>
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
        {[
          site.settled &&
            t('settledBy', {
              name: site.settledBy === 'system' ? t('system') : (site.settledBy ?? ''),
              time: sayTime(site.settled),
            }),
          site.holds > 0 && t('heldSpans', { count: site.holds }),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </section>
  );
}

function ConflictOf({ site, conflict }: { site: Site; conflict: NonNullable<Site['conflict']> }) {
  const t = useWords(keepingWords);
  const [isOpen, setOpen] = useState(false);
  const why = useWhyNot()('retention.decide');
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
  const ranks = { floor: t('higherFloor'), ceiling: t('higherCeiling'), none: t('higherNone') };
  return (
    <ReasonDialog<{ keeps: 'floor' | 'ceiling' }>
      title={t('decideTitle')}
      says={ranks[conflict.higher]}
      initialValues={{ keeps: conflict.higher === 'floor' ? 'floor' : 'ceiling' }}
      doIt={t('decide')}
      extra={
        <Form.Item name="keeps">
          <Radio.Group
            className="keeping-choice"
            aria-label={t('decideTitle')}
            options={[
              { value: 'floor', label: choices.floor },
              { value: 'ceiling', label: choices.ceiling },
            ]}
          />
        </Form.Item>
      }
      run={async (reason, { keeps }) => {
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
