/**
 * The look: two palettes, one accent. Red is kept for loss, breach and alarm; what a person merely has to correct is
 * amber. The palettes are CSS variables for our own styles and tokens for Ant Design, from one source.
 */
import { theme as antTheme, type ThemeConfig } from 'antd';
import { useSyncExternalStore } from 'react';

export interface Palette {
  /** Behind everything; a panel; a panel in a panel or a header row. */
  readonly ground: string;
  readonly panel: string;
  readonly raised: string;
  readonly line: string;
  readonly 'line-strong': string;
  readonly text: string;
  readonly 'text-soft': string;
  readonly accent: string;
  readonly 'accent-text': string;
  readonly 'accent-ground': string;
  readonly ok: string;
  readonly warn: string;
  readonly 'warn-ground': string;
  readonly loss: string;
  readonly 'loss-ground': string;
  readonly idle: string;
}

/** Every text colour has at least 4.5 : 1 on each of the three grounds (axe checks it in both themes). */
export const palettes: Readonly<Record<'light' | 'dark', Palette>> = {
  light: {
    ground: '#f4f6f8',
    panel: '#ffffff',
    raised: '#f8f9fb',
    line: '#dde2e8',
    'line-strong': '#828d99',
    text: '#18202a',
    'text-soft': '#55606d',
    accent: '#0f5f9e',
    'accent-text': '#0d5a97',
    'accent-ground': '#e4eff8',
    ok: '#1a7340',
    warn: '#8a5100',
    'warn-ground': '#fdf3df',
    loss: '#be1e1e',
    'loss-ground': '#fdeaea',
    idle: '#5b6672',
  },
  dark: {
    ground: '#0b0f13',
    panel: '#12171d',
    raised: '#192027',
    line: '#28313a',
    'line-strong': '#63707d',
    text: '#e4e9ee',
    'text-soft': '#a3aeb9',
    accent: '#1b70b3',
    'accent-text': '#71b7ee',
    'accent-ground': '#12283a',
    ok: '#52c281',
    warn: '#e3a740',
    'warn-ground': '#2b2110',
    loss: '#ff7468',
    'loss-ground': '#351614',
    idle: '#8f9ba7',
  },
};

export const themeChoices = ['auto', 'light', 'dark'] as const;
export type ThemeChoice = (typeof themeChoices)[number];
export type ThemeName = 'light' | 'dark';

/** Where the person looks: the control room (wall, camera) is dark unless they chose otherwise. */
export type Place = 'room' | 'office';

interface Look {
  readonly choice: ThemeChoice;
  readonly name: ThemeName;
}

/**
 * A person who asked for stillness gets it. Not by a style on everything: a universal transition of no length makes
 * Ant Design measure what it places at a place where it no longer is.
 */
export const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;

const systemDark = matchMedia('(prefers-color-scheme: dark)');
let owner = '';
let place: Place = 'office';
let look: Look = { choice: 'auto', name: 'light' };
const watchers = new Set<() => void>();

function remembered(): ThemeChoice {
  const kept = localStorage.getItem(`custos.theme${owner}`) ?? localStorage.getItem('custos.theme');
  return themeChoices.find((each) => each === kept) ?? 'auto';
}

function nameOf(choice: ThemeChoice): ThemeName {
  if (choice !== 'auto') return choice;
  return place === 'room' || systemDark.matches ? 'dark' : 'light';
}

function show(): void {
  const choice = remembered();
  look = { choice, name: nameOf(choice) };
  const root = document.documentElement;
  root.dataset.theme = look.name;
  root.style.colorScheme = look.name;
  for (const [name, value] of Object.entries(palettes[look.name])) root.style.setProperty(`--${name}`, value);
  for (const each of watchers) each();
}

/** Before the first page is drawn. */
export function startTheme(): void {
  systemDark.addEventListener('change', show);
  // Chosen in another tab.
  addEventListener('storage', ({ key }) => {
    if (key === null || key.startsWith('custos.theme')) show();
  });
  show();
}

/** Each person who uses this browser keeps their own choice; the last one is the login page's. */
export function themeOf(personId: string): void {
  const next = personId ? `.${personId}` : '';
  if (next === owner) return;
  owner = next;
  show();
}

export function chooseTheme(choice: ThemeChoice): void {
  localStorage.setItem('custos.theme', choice);
  if (owner) localStorage.setItem(`custos.theme${owner}`, choice);
  show();
}

export function enterPlace(next: Place): void {
  if (next === place) return;
  place = next;
  show();
}

function watch(changed: () => void): () => void {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

export function useTheme(): Look {
  return useSyncExternalStore(watch, () => look);
}

const fonts =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", sans-serif';

export function antThemeOf(name: ThemeName): ThemeConfig {
  const of = palettes[name];
  return {
    cssVar: { key: 'custos' },
    hashed: false,
    algorithm: name === 'dark' ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
    token: {
      fontFamily: fonts,
      fontSize: 14,
      borderRadius: 6,
      wireframe: false,
      colorPrimary: of.accent,
      colorInfo: of.accent,
      colorLink: of['accent-text'],
      colorLinkHover: of['accent-text'],
      colorSuccess: of.ok,
      colorWarning: of.warn,
      // Something to correct is amber; red stays for loss and alarm.
      colorError: of.warn,
      colorErrorText: of.warn,
      colorText: of.text,
      colorTextSecondary: of['text-soft'],
      colorTextTertiary: of['text-soft'],
      colorTextDescription: of['text-soft'],
      colorTextPlaceholder: of['text-soft'],
      colorTextHeading: of.text,
      colorBgLayout: of.ground,
      colorBgContainer: of.panel,
      colorBgElevated: name === 'dark' ? of.raised : of.panel,
      colorBorder: of['line-strong'],
      colorBorderSecondary: of.line,
      colorSplit: of.line,
      controlHeight: 34,
      motion: !isStill,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
    },
    components: {
      Button: {
        primaryShadow: 'none',
        defaultShadow: 'none',
        fontWeight: 500,
        // The accent itself is a ground for white text; as text on dark it would be too dim.
        defaultHoverColor: of['accent-text'],
        defaultHoverBorderColor: of['accent-text'],
        defaultActiveColor: of['accent-text'],
        defaultActiveBorderColor: of['accent-text'],
      },
      Form: { verticalLabelPadding: '0 0 4px', itemMarginBottom: 18 },
      Steps: { colorTextDescription: of['text-soft'] },
    },
  };
}
