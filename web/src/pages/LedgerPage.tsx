import { Page } from '../shell/Page.tsx';
export function LedgerPage() {
  return <Page title="Ledger">{null}</Page>;
}
