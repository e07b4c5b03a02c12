import { Page } from '../shell/Page.tsx';
export function PeoplePage() {
  return <Page title="People">{null}</Page>;
}
