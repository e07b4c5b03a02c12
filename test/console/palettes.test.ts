/** What is written can be read: the contrast of every pair of colours that text is drawn in (WCAG 2.2, 1.4.3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Palette, palettes } from '../../web/src/palettes.ts';

/** Relative luminance of `#rrggbb`, 0–1. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const grounds = ['ground', 'panel', 'raised'] as const;
const texts = ['text', 'text-soft', 'accent-text', 'ok', 'warn', 'loss'] as const;
const pairs: readonly (readonly [keyof Palette, keyof Palette])[] = [
  ...texts.flatMap((text) => grounds.map((ground) => [text, ground] as const)),
  ...([
    ['accent-text', 'accent-ground'],
    ['warn', 'warn-ground'],
    ['loss', 'loss-ground'],
  ] as const),
  ...(['accent-ground', 'warn-ground', 'loss-ground'] as const).map((ground) => ['text', ground] as const),
];

for (const [theme, palette] of Object.entries(palettes))
  test(`every text of the ${theme} theme stands out from what it is written on`, () => {
    for (const [text, ground] of pairs) {
      const ratio = contrast(palette[text], palette[ground]);
      assert.ok(ratio >= 4.5, `${text} on ${ground}: ${ratio.toFixed(2)}`);
    }
  });

test('black on white is 21 to 1, a colour on itself 1 to 1', () => {
  assert.equal(Math.round(contrast('#000000', '#ffffff')), 21);
  assert.equal(contrast('#0f5f9e', '#0f5f9e'), 1);
});
