/**
 * The look: two palettes, one accent. Red is kept for loss, breach and alarm; what a person merely has to correct is
 * amber. The palettes are CSS variables for our own styles and tokens for Ant Design, from one source.
 */
import { theme as antTheme, type ThemeConfig } from 'antd';
import { useSyncExternalStore } from 'react';
import { palettes } from './palettes.ts';

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
