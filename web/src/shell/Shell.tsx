/** The frame around every page of somebody who is signed in: menu, account, and the state of the line. */
import {
  AppstoreOutlined,
  AuditOutlined,
  CheckSquareOutlined,
  CloseOutlined,
  FileDoneOutlined,
  FileProtectOutlined,
  FileSearchOutlined,
  HddOutlined,
  HourglassOutlined,
  InboxOutlined,
  KeyOutlined,
  LogoutOutlined,
  MenuFoldOutlined,
  MenuOutlined,
  MenuUnfoldOutlined,
  SettingOutlined,
  TeamOutlined,
  UserOutlined,
  VideoCameraOutlined,
} from '@ant-design/icons';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { Button, Drawer } from 'antd';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { type Action, gate } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { useLink, useLiveEvents } from '../live.ts';
import { FoundingNote } from '../people/Standing.tsx';
import { useForgetAll, useMe, useRoleNames } from '../session.ts';
import { StorageTrouble } from '../storage/TroubleLine.tsx';
import { enterPlace, themeOf } from '../theme.ts';
import { sayTime } from '../time.ts';
import { useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';

interface Entry {
  readonly to: string;
  readonly word:
    | 'wall'
    | 'cameras'
    | 'permissions'
    | 'registers'
    | 'duties'
    | 'ledger'
    | 'people'
    | 'storage'
    | 'system'
    | 'keeping'
    | 'completeness'
    | 'filing'
    | 'desk';
  readonly needs: Action;
  /** Either of the two is enough. */
  readonly also?: Action;
  readonly icon: ReactNode;
}

/** Only what is built stands here, and a person sees only what the gate would let them open. */
export const menu: readonly Entry[] = [
  // Whose work it is to look sees it; without a permission each tile says what is missing.
  { to: '/wall', word: 'wall', needs: 'permission.ask', icon: <AppstoreOutlined /> },
  { to: '/cameras', word: 'cameras', needs: 'camera.read', icon: <VideoCameraOutlined /> },
  {
    to: '/permissions',
    word: 'permissions',
    needs: 'permission.read',
    also: 'permission.ask',
    icon: <KeyOutlined />,
  },
  { to: '/registers', word: 'registers', needs: 'use.read', icon: <AuditOutlined /> },
  { to: '/duties', word: 'duties', needs: 'duty.read', icon: <FileSearchOutlined /> },
  { to: '/ledger', word: 'ledger', needs: 'ledger.read', icon: <FileProtectOutlined /> },
  { to: '/completeness', word: 'completeness', needs: 'completeness.read', icon: <CheckSquareOutlined /> },
  { to: '/keeping', word: 'keeping', needs: 'retention.read', icon: <HourglassOutlined /> },
  { to: '/filing', word: 'filing', needs: 'filing.read', icon: <FileDoneOutlined /> },
  { to: '/desk', word: 'desk', needs: 'desk.bring', icon: <InboxOutlined /> },
  { to: '/people', word: 'people', needs: 'person.read', icon: <TeamOutlined /> },
  { to: '/storage', word: 'storage', needs: 'system.read', icon: <HddOutlined /> },
  { to: '/system', word: 'system', needs: 'system.read', icon: <SettingOutlined /> },
];

/** Where `/` leads: the first entry of the person's own menu. */
export function firstPageOf(may: readonly string[]): string {
  return menu.find((each) => isOpen(each, may))?.to ?? '/me';
}

const isOpen = ({ needs, also }: Entry, may: readonly string[]): boolean =>
  may.includes(needs) || (also !== undefined && may.includes(also));

const foldedKey = 'custos.menu-folded';

export function Shell() {
  const t = useWords(shellWords);
  const path = useLocation({ select: (at) => at.pathname });
  const [folded, setFolded] = useState(localStorage.getItem(foldedKey) === 'yes');
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const hears = useMe().may.includes('camera.read');
  useLiveEvents(hears);
  usePlace(path);
  useFocusOnNewPage(path, main);
  const fold = (next: boolean) => {
    localStorage.setItem(foldedKey, next ? 'yes' : 'no');
    setFolded(next);
  };
  return (
    <div className={folded ? 'shell shell-folded' : 'shell'}>
      <a className="skip" href="#main">
        {t('skip')}
      </a>
      <header className="side">
        <Mark />
        <Menu />
        <Account />
        <button
          type="button"
          className="side-fold"
          onClick={() => fold(!folded)}
          aria-label={folded ? t('unfoldMenu') : t('foldMenu')}
        >
          {folded ? <MenuUnfoldOutlined /> : <MenuFoldOutlined />}
        </button>
      </header>
      <header className="top">
        <Button
          type="text"
          icon={<MenuOutlined />}
          aria-label={t('openMenu')}
          aria-expanded={open}
          onClick={() => setOpen(true)}
        />
        <Mark />
      </header>
      <Drawer
        placement="left"
        size={280}
        open={open}
        onClose={() => setOpen(false)}
        title={t('menu')}
        closeIcon={<CloseOutlined aria-label={t('close')} />}
        className="side-drawer"
      >
        <Menu onChoose={() => setOpen(false)} />
        <Account onChoose={() => setOpen(false)} />
      </Drawer>
      <div className="body">
        {hears && <LineState />}
        <FoundingNote />
        <StorageTrouble />
        <main id="main" ref={main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}

function usePlace(path: string): void {
  const me = useMe();
  themeOf(me.id);
  const isRoom = path === '/wall' || (/^\/cameras\/[^/]+$/.test(path) && path !== '/cameras/new');
  useEffect(() => enterPlace(isRoom ? 'room' : 'office'), [isRoom]);
}

/** A reader by ear or keyboard starts at the top of the new page, not at the menu that led there. */
function useFocusOnNewPage(path: string, main: React.RefObject<HTMLElement | null>): void {
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what makes the page new
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path, main]);
}

function Mark() {
  const t = useWords(shellWords);
  const me = useMe();
  return (
    <div className="mark">
      <img src="/mark.svg" alt="" width={28} height={28} />
      <div className="mark-words">
        <span className="mark-name">{t('product')}</span>
        <span className="mark-unit" title={me.unit}>
          {me.unit}
        </span>
      </div>
      {me.demo && (
        <span className="tag" title={t('demoSays')}>
          {t('demo')}
        </span>
      )}
    </div>
  );
}

function Menu({ onChoose }: { onChoose?: () => void }) {
  const t = useWords(shellWords);
  const me = useMe();
  return (
    <nav className="menu" aria-label={t('menu')}>
      <ul>
        {menu
          .filter((each) => isOpen(each, me.may))
          .map((each) => (
            <li key={each.to}>
              <Link to={each.to} className="menu-link" onClick={onChoose} title={t(each.word)}>
                <span aria-hidden="true">{each.icon}</span>
                <span className="menu-word">{t(each.word)}</span>
              </Link>
            </li>
          ))}
      </ul>
    </nav>
  );
}

function Account({ onChoose }: { onChoose?: () => void }) {
  const t = useWords(shellWords);
  const me = useMe();
  const names = useRoleNames();
  const forgetAll = useForgetAll();
  const navigate = useNavigate();
  const signOut = useChange(gate.signOut);
  const leave = async () => {
    await signOut.mutateAsync({}).catch(() => undefined);
    await navigate({ to: '/login' });
    forgetAll();
  };
  return (
    <div className="account">
      <Link to="/me" className="menu-link" onClick={onChoose} title={t('me')}>
        <UserOutlined aria-hidden="true" />
        <span className="menu-word account-words">
          <span>{me.displayName}</span>
          <span className="account-roles">{names(me.roles)}</span>
        </span>
      </Link>
      <button type="button" className="menu-link" onClick={() => void leave()} title={t('signOut')}>
        <LogoutOutlined aria-hidden="true" />
        <span className="menu-word">{t('signOut')}</span>
      </button>
    </div>
  );
}

/** The line to the server is part of what is seen: old states must not pass for present ones. */
function LineState() {
  const t = useWords(shellWords);
  const link = useLink();
  const from = link.heardAtMs === null ? '—' : sayTime(link.heardAtMs);
  return (
    <div role="status" aria-live="polite">
      {!link.up && <div className="line-state line-lost">{t('linkLost', { time: from })}</div>}
      {link.up && !link.engineUp && <div className="line-state">{t('engineDown')}</div>}
    </div>
  );
}
