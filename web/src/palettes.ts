/**
 * The two palettes, one accent. Red is kept for loss, breach and alarm; what a person merely has to correct is amber.
 * Pure: the contrast of each pair is a test.
 */
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

/** Every text colour has at least 4.5 : 1 on each of the three grounds. */
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
