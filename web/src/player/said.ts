/** What a picture's state is in words: one sentence in the reader's language, and how bad it is. */
import {
  cameraProblems,
  fill,
  gapCauses,
  nothingRecorded,
  type Said,
  somewhereAway,
} from '../../../src/contract/index.ts';
import { sayRefusal } from '../api.ts';
import type { Say } from '../useWords.ts';
import { language } from '../useWords.ts';
import type { playerWords } from '../words/player.ts';
import type { KnownGap } from './known-gaps.ts';
import type { LiveState } from './live.ts';
import type { PlaybackState } from './playback-status.ts';

export type Words = Say<(typeof playerWords)['en']>;
type Values = Readonly<Record<string, string | number>>;

/** A problem's code is of the cameras' catalogue or of the refusals'. */
export function sayProblem(code: string, values: Values): string {
  const known: Said | undefined = (cameraProblems as Readonly<Record<string, Said>>)[code];
  return known ? fill(known[language()], values) : sayRefusal(code, values);
}

/** A gap's cause in a sentence, with the camera's own trouble where it is known. */
export function sayCause(cause: string, detail: Values): string {
  if (cause === 'untold') return nothingRecorded[language()];
  const isSomewhere = cause === 'bucket-away' && detail.name === undefined;
  const known: Said | undefined = isSomewhere
    ? somewhereAway
    : (gapCauses as Readonly<Record<string, Said>>)[cause];
  const sentence = fill((known ?? gapCauses.unexplained)[language()], detail);
  const problem = detail.code ?? detail.problem;
  if (typeof problem !== 'string' || !(problem in cameraProblems)) return sentence;
  const colon = language() === 'zh' ? '：' : ': ';
  return `${sentence}${colon}${sayProblem(problem, detail)}`;
}

export interface Sentence {
  readonly text: string;
  readonly more: string | null;
  /** loss: nothing is seen that should be. */
  readonly tone: 'ok' | 'calm' | 'loss';
}

export function sayLive(state: LiveState, t: Words): Sentence {
  switch (state.kind) {
    case 'live':
      return { text: t('live'), more: null, tone: 'ok' };
    case 'connecting':
      return { text: t('connecting'), more: null, tone: 'calm' };
    case 'hidden':
      return { text: t('hidden'), more: null, tone: 'calm' };
    case 'ended':
      return { text: t('ended'), more: null, tone: 'calm' };
    case 'stalled':
      return { text: t('stalled', { seconds: state.seconds }), more: t('tryingAgain'), tone: 'loss' };
    case 'problem':
      return { text: sayProblem(state.code, state.values), more: t('tryingAgain'), tone: 'loss' };
    case 'refused':
      return sayNo(state, t);
  }
}

function sayNo(
  state: { refused: { code: string; values: Values; status: number }; again: boolean },
  t: Words,
): Sentence {
  const { code, values, status } = state.refused;
  return {
    text: sayRefusal(code, values, status),
    more: state.again ? t('tryingAgain') : null,
    tone: 'loss',
  };
}

export function sayPlayback(state: PlaybackState, t: Words): Sentence {
  switch (state.kind) {
    case 'gap':
      return { text: t('inGap'), more: sayGap(state.gap), tone: 'loss' };
    case 'problem':
      return { text: sayProblem(state.code, state.values), more: null, tone: 'loss' };
    case 'refused':
      return sayNo(state, t);
    default:
      return { text: t(state.kind), more: null, tone: 'calm' };
  }
}

export const sayGap = (gap: KnownGap): string => sayCause(gap.cause, gap.detail);
