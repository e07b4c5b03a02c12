import { Page } from '../shell/Page.tsx';
export function SetupPage() {
  return <Page title="Setup">{null}</Page>;
}
