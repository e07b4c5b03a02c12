/** Starts the console: words, look, calls, routes. */
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { App, ConfigProvider } from 'antd';
import enUS from 'antd/es/locale/en_US.js';
import zhCN from 'antd/es/locale/zh_CN.js';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import { onSignedOut, Problem } from './api.ts';
import { makeRouter } from './routes.tsx';
import { sessionKey } from './session.ts';
import { antThemeOf, startTheme, useTheme } from './theme.ts';
import { startWords, useLanguage } from './useWords.ts';
import './console.css';

// The policy forbids eval, which zod would try for speed and the browser would report.
z.config({ jitless: true });

const client = new QueryClient({
  queryCache: new QueryCache(),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A "no" stays a "no"; only a broken line is worth another try.
      retry: (count, error) => error instanceof Problem && error.status === 0 && count < 2,
    },
  },
});
const router = makeRouter(client);

onSignedOut(() => {
  const at = router.state.location;
  if (at.pathname === '/login' || at.pathname === '/setup') return;
  client.removeQueries({ queryKey: sessionKey });
  void router.navigate({ href: `/login?next=${encodeURIComponent(at.href)}` }).then(() => client.clear());
});

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

const overlays = document.getElementById('overlays') ?? document.body;

/**
 * Dialogs and drawers do not stand in the body itself: for that Ant Design would lock scrolling by a style tag
 * without our nonce. What hangs on a control does: it is placed by the body's own bounds.
 */
function containerOf(trigger?: HTMLElement): HTMLElement {
  return trigger && trigger !== document.body ? document.body : overlays;
}

function Console() {
  const { name } = useTheme();
  const lang = useLanguage();
  return (
    <ConfigProvider
      csp={{ nonce }}
      getPopupContainer={containerOf}
      locale={lang === 'zh' ? zhCN : enUS}
      theme={antThemeOf(name)}
      button={{ autoInsertSpace: false }}
    >
      <App>
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </App>
    </ConfigProvider>
  );
}

startTheme();
await startWords();
const place = document.getElementById('root');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <Console />
    </StrictMode>,
  );
}
