import { Page } from '../shell/Page.tsx';
export function NewCameraPage() {
  return <Page title="NewCamera">{null}</Page>;
}
