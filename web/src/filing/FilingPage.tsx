/** Filing: what is due and what differs, site by site; every filing with its receipt; what is told of the unit. */
import { z } from 'zod';
import { filing } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { Page } from '../shell/Page.tsx';
import { Empty, Loaded, Notice } from '../shell/states.tsx';
import { Tabs } from '../shell/Tabs.tsx';
import { useUrlState } from '../urlState.ts';
import { useWords } from '../useWords.ts';
import { filingWords } from '../words/filing.ts';
import { DueTab } from './DueTab.tsx';
import { FilingDialog } from './FilingDialog.tsx';
import { FilingsTab } from './FilingsTab.tsx';
import { UnitTab } from './UnitTab.tsx';
import './filing.css';

const shows = ['due', 'filings', 'unit'] as const;
const address = z.object({
  show: z.enum(shows).catch('due'),
  filing: z.string().max(40).optional().catch(undefined),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(400).optional().catch(undefined),
});

export function FilingPage() {
  const t = useWords(filingWords);
  const [state, change] = useUrlState(address);
  const found = useCall(filing.overview, {});
  const tabs = { due: t('tabDue'), filings: t('tabFilings'), unit: t('tabUnit') };
  return (
    <Page title={t('title')} says={t('says')} wide>
      <Tabs
        label={t('tabs')}
        to="/filing"
        shown={state.show}
        tabs={shows.map((value) => ({ value, label: tabs[value] }))}
      />
      <Loaded of={found}>
        {(overview) => (
          <>
            {state.show === 'due' && overview.sites.length === 0 && <Empty title={t('noSites')} />}
            {state.show === 'due' && overview.sites.length > 0 && (
              <>
                <Notice tone="info">{t('calendar', { year: overview.calendarYears.at(-1) ?? 0 })}</Notice>
                <DueTab
                  sites={overview.sites}
                  mayFile={overview.can.file}
                  open={(id) => change({ filing: id })}
                />
              </>
            )}
            {state.show === 'filings' && (
              <FilingsTab
                state={state}
                change={change}
                mayFile={overview.can.file}
                open={(id) => change({ filing: id })}
              />
            )}
            {state.show === 'unit' && <UnitTab overview={overview} />}
          </>
        )}
      </Loaded>
      {state.filing && <FilingDialog id={state.filing} close={() => change({ filing: undefined })} />}
    </Page>
  );
}
