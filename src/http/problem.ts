/** A no as the outside reads it: problem+json (RFC 9457), in the caller's language. */
import { Refusal } from '../base/index.ts';
import { fill, lawInWords, type RefusalText, refusals } from '../contract/index.ts';

export type Language = 'en' | 'zh';

/** RFC 9110 §12.5.4: the better liked of our two; English when neither is named. */
export function languageOf(acceptLanguage: string | undefined): Language {
  let best: { language: Language; quality: number } = { language: 'en', quality: 0 };
  for (const range of (acceptLanguage ?? '').slice(0, 500).split(',')) {
    const [tag = '', ...parameters] = range.trim().toLowerCase().split(';');
    const language = tag.split('-')[0];
    if (language !== 'en' && language !== 'zh') continue;
    const weight = parameters.map((p) => /^\s*q=([\d.]+)\s*$/.exec(p)?.[1]).find((q) => q !== undefined);
    const quality = weight === undefined ? 1 : Number(weight);
    if (quality > best.quality) best = { language, quality };
  }
  return best.language;
}

const titles: Record<number, { en: string; zh: string }> = {
  400: { en: 'Not understood', zh: '请求无效' },
  401: { en: 'Sign-in needed', zh: '需要登录' },
  403: { en: 'Not allowed', zh: '不允许' },
  404: { en: 'Not found', zh: '未找到' },
  409: { en: 'Conflict', zh: '冲突' },
  410: { en: 'Gone', zh: '已失效' },
  412: { en: 'Changed in the meantime', zh: '内容已被修改' },
  413: { en: 'Too large', zh: '内容过大' },
  415: { en: 'Cannot be shown', zh: '无法显示' },
  416: { en: 'Outside of the recording', zh: '超出录像范围' },
  422: { en: 'Not acceptable', zh: '内容不符合要求' },
  429: { en: 'Too many', zh: '过于频繁' },
  500: { en: 'Fault', zh: '内部故障' },
  503: { en: 'Not now', zh: '暂不可用' },
};

export interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly because: Refusal['because'];
}

export function problemOf(refusal: Refusal, language: Language): ProblemJson {
  const text = textOf(refusal.code);
  return {
    type: `urn:custos:refusal:${refusal.code}`,
    title: (titles[text.status] ?? titles[500]!)[language],
    status: text.status,
    detail: fill(text[language], lawInWords(refusal.values, language)),
    code: refusal.code,
    values: refusal.values,
    because: refusal.because,
  };
}

/** Headers that go with a problem: a caller that has to wait is told how long, one that must sign in is told how. */
export function headersOf(refusal: Refusal): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  const { seconds } = refusal.values;
  if (textOf(refusal.code).status === 429 && typeof seconds === 'number')
    headers['retry-after'] = String(seconds);
  if (textOf(refusal.code).status === 401) headers['www-authenticate'] = 'Bearer realm="custos"';
  return headers;
}

/** A code outside of the catalogue is our own mistake; the outside sees a fault. */
function textOf(code: string): RefusalText {
  return (refusals as Record<string, RefusalText>)[code] ?? refusals['internal.fault'];
}

/** What Fastify itself refuses, in our words; anything else is not a refusal. */
export function refusalOfFastify(error: { code?: string; statusCode?: number }): Refusal | null {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Refusal('request.too-large');
  if (error.code?.startsWith('FST_ERR_CTP')) return new Refusal('request.malformed', { what: 'body' });
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new Refusal('request.malformed', { what: 'request' });
  }
  return null;
}
