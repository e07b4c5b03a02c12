import { Page } from '../shell/Page.tsx';
export function CamerasPage() {
  return <Page title="Cameras">{null}</Page>;
}
