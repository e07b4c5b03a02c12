/**
 * Words of the console: one file an area, each in English and Chinese side by side. What is missing in one language
 * is a type error; what is missing in meaning is found by `test/console/words.test.ts`.
 *
 * `{name}` is filled from values. A key that ends in `_one` and `_other` is one word with two English forms, chosen
 * by `{count}`; Chinese has the `_other` form only.
 */

type Plain<K> = K extends `${infer Base}_one` ? Base : K extends `${infer Base}_other` ? Base : K;
type ChineseKey<K> = K extends `${string}_one` ? never : K;

/** What is asked for: a key without its plural ending. */
export type WordKey<En> = Extract<Plain<keyof En>, string>;

export interface Words<En extends Readonly<Record<string, string>>> {
  readonly area: string;
  readonly en: En;
  readonly zh: { readonly [K in ChineseKey<keyof En>]: string };
}

export function words<const En extends Readonly<Record<string, string>>>(
  area: string,
  both: {
    readonly en: En;
    readonly zh: { readonly [K in ChineseKey<keyof En>]: string };
  },
): Words<En> {
  return { area, en: both.en, zh: both.zh };
}

export type WordValues = Readonly<Record<string, string | number>>;
