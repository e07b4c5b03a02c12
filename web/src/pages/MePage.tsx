import { Page } from '../shell/Page.tsx';
export function MePage() {
  return <Page title="Me">{null}</Page>;
}
