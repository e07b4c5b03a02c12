/** Keeping: each site's ruling with its sources, what is held and marked, what was asked to be erased, what went. */
import { z } from 'zod';
import { Page } from '../shell/Page.tsx';
import { Tabs } from '../shell/Tabs.tsx';
import { useUrlState } from '../urlState.ts';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { CertificatesTab } from './CertificatesTab.tsx';
import { ErasuresTab } from './ErasuresTab.tsx';
import { HoldsTab } from './HoldsTab.tsx';
import { MarksTab } from './MarksTab.tsx';
import { SitesTab } from './SitesTab.tsx';
import './keeping.css';

const shows = ['sites', 'holds', 'marks', 'erasures', 'certificates'] as const;
const address = z.object({
  show: z.enum(shows).catch('sites'),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(400).optional().catch(undefined),
  over: z.enum(['yes']).optional().catch(undefined),
});

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
      <Tabs
        label={t('tabs')}
        to="/keeping"
        shown={state.show}
        tabs={shows.map((value) => ({ value, label: tabs[value] }))}
      />
      {state.show === 'sites' && <SitesTab />}
      {state.show === 'holds' && (
        <HoldsTab
          state={state}
          change={change}
          all={state.over === 'yes'}
          onAll={(all) => change({ over: all ? 'yes' : undefined })}
        />
      )}
      {state.show === 'marks' && <MarksTab state={state} change={change} />}
      {state.show === 'erasures' && <ErasuresTab state={state} change={change} />}
      {state.show === 'certificates' && <CertificatesTab state={state} change={change} />}
    </Page>
  );
}
