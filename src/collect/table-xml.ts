/**
 * The tags and texts of an XML document, one after another; as much of XML as a spreadsheet is written in. A document
 * type is refused: nothing is ever looked up, expanded or fetched.
 */
import { refuse } from '../base/index.ts';

export interface Piece {
  readonly kind: 'open' | 'close' | 'text';
  /** Without its prefix. */
  readonly name: string;
  /** Of an opening tag, as written; of a text, decoded. */
  readonly text: string;
  /** `<c/>`: no closing tag follows. */
  readonly isEmpty: boolean;
}

const maxTagChars = 65_536;
const damaged = (): never => refuse('import.damaged', { what: 'xml' });

export function* pieces(xml: string): Generator<Piece, void> {
  let at = 0;
  while (at < xml.length) {
    const from = xml.indexOf('<', at);
    if (from < 0) return;
    if (from > at) yield { kind: 'text', name: '', text: decoded(xml.slice(at, from)), isEmpty: false };
    if (xml.startsWith('<!--', from)) at = behind(xml, '-->', from + 4);
    else if (xml.startsWith('<?', from)) at = behind(xml, '?>', from + 2);
    else if (xml.startsWith('<![CDATA[', from)) {
      at = behind(xml, ']]>', from + 9);
      yield { kind: 'text', name: '', text: xml.slice(from + 9, at - 3), isEmpty: false };
    } else {
      const to = endOfTag(xml, from + 1);
      at = to + 1;
      yield tagOf(xml.slice(from + 1, to));
    }
  }
}

function behind(xml: string, mark: string, from: number): number {
  const at = xml.indexOf(mark, from);
  return at < 0 ? damaged() : at + mark.length;
}

/** The first `>` that is in no quotes. */
function endOfTag(xml: string, from: number): number {
  if (xml[from] === '!') damaged();
  let quote = '';
  const last = Math.min(xml.length, from + maxTagChars);
  for (let at = from; at < last; at++) {
    const one = xml[at];
    if (quote === '' && one === '>') return at;
    if (quote === '' && (one === '"' || one === "'")) quote = one;
    else if (one === quote) quote = '';
  }
  return damaged();
}

function tagOf(inside: string): Piece {
  const isClose = inside.startsWith('/');
  const isEmpty = inside.endsWith('/');
  const body = inside.slice(isClose ? 1 : 0, isEmpty ? -1 : undefined);
  const blank = body.search(/\s/);
  const full = blank < 0 ? body : body.slice(0, blank);
  const name = full.slice(full.indexOf(':') + 1);
  return { kind: isClose ? 'close' : 'open', name, text: blank < 0 ? '' : body.slice(blank), isEmpty };
}

const attributePatterns = new Map<string, RegExp>();

/** Of an opening tag; prefixes count as written. */
export function attribute({ text }: Piece, name: string): string | undefined {
  let pattern = attributePatterns.get(name);
  if (!pattern) {
    pattern = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`);
    attributePatterns.set(name, pattern);
  }
  const found = pattern.exec(text);
  return found ? decoded(found[1] ?? found[2] ?? '') : undefined;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** What is none of the five names and no number stays as it is written. */
const decoded = (text: string): string =>
  text.includes('&')
    ? text.replace(
        /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi,
        (whole, name, decimal, hex) => {
          if (name) return named[String(name).toLowerCase()] ?? whole;
          const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
          return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
        },
      )
    : text;
