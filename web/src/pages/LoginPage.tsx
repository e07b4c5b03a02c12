import { Page } from '../shell/Page.tsx';
export function LoginPage() {
  return <Page title="Login">{null}</Page>;
}
