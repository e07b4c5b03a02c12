import { Page } from '../shell/Page.tsx';
export function SystemPage() {
  return <Page title="System">{null}</Page>;
}
