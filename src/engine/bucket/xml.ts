/**
 * The little XML that S3 answers with: elements and text. No attributes are kept, no entities but the five and numbers,
 * no document type, and bounds on everything, because whoever answers may be anyone.
 */

export interface Element {
  /** Without a namespace prefix. */
  readonly name: string;
  readonly children: readonly Element[];
  /** Its own text, blanks as they are. */
  readonly text: string;
}

export class XmlError extends Error {}

const maxBytes = 4 * 1024 * 1024;
const maxDepth = 16;
/** A page of 1,000 objects has about ten elements each. */
const maxElements = 50_000;
const maxText = 64 * 1024;

interface Open {
  readonly name: string;
  readonly children: Element[];
  text: string;
}

const name = /[A-Za-z_][A-Za-z0-9_.:-]{0,127}/y;
const attribute =
  /[ \t\r\n]+[A-Za-z_][A-Za-z0-9_.:-]{0,127}[ \t\r\n]*=[ \t\r\n]*(?:"[^"<]{0,2048}"|'[^'<]{0,2048}')/y;

/** The root element. XmlError: it is not well formed, or passes a bound. */
export function readXml(bytes: Uint8Array): Element {
  if (bytes.length > maxBytes) throw new XmlError(`larger than ${maxBytes} bytes`);
  return new Reader(decode(bytes)).root();
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new XmlError('not UTF-8');
  }
}

class Reader {
  readonly #text: string;
  #at = 0;
  #elements = 0;

  constructor(text: string) {
    this.#text = text;
  }

  root(): Element {
    this.#prologue();
    const open: Open[] = [];
    for (;;) {
      const parent = open.at(-1);
      if (parent !== undefined) this.#content(parent);
      if (this.#takes('</')) {
        const closed = this.#close(open);
        if (open.length === 0) return this.#ended(closed);
        continue;
      }
      if (!this.#takes('<')) throw new XmlError(`no element at ${this.#at}`);
      const opened: Open = { name: this.#name(), children: [], text: '' };
      if (++this.#elements > maxElements) throw new XmlError('too many elements');
      if (open.length >= maxDepth) throw new XmlError('too deep');
      parent?.children.push(opened);
      this.#attributes();
      if (this.#takes('/>')) {
        if (open.length === 0) return this.#ended(opened);
      } else if (this.#takes('>')) open.push(opened);
      else throw new XmlError(`a tag without an end at ${this.#at}`);
    }
  }

  /** The declaration, comments and blanks; a document type is refused. */
  #prologue(): void {
    if (this.#text.startsWith('\ufeff')) this.#at = 1;
    if (this.#text.startsWith('<?xml', this.#at)) this.#skipTo('?>', 256);
    this.#misc();
  }

  #misc(): void {
    for (;;) {
      while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
      if (!this.#text.startsWith('<!--', this.#at)) return;
      this.#skipTo('-->', maxText);
    }
  }

  #ended(root: Element): Element {
    this.#misc();
    if (this.#at < this.#text.length) throw new XmlError('something follows the root');
    return root;
  }

  #skipTo(mark: string, within: number): void {
    const found = this.#text.indexOf(mark, this.#at);
    if (found < 0 || found - this.#at > within) throw new XmlError(`no ${mark}`);
    this.#at = found + mark.length;
  }

  /** Text up to the next tag. */
  #content(into: Open): void {
    for (;;) {
      const next = this.#text.indexOf('<', this.#at);
      if (next < 0) throw new XmlError('it ends inside of an element');
      this.#append(into, readEntities(this.#text.slice(this.#at, next)));
      this.#at = next;
      if (this.#text.startsWith('<!--', next)) this.#skipTo('-->', maxText);
      else if (this.#text.startsWith('<![CDATA[', next)) {
        this.#skipTo(']]>', maxText);
        this.#append(into, this.#text.slice(next + 9, this.#at - 3));
      } else if (this.#text.startsWith('<!', next) || this.#text.startsWith('<?', next))
        throw new XmlError('declarations and instructions are not read');
      else return;
    }
  }

  #append(into: Open, text: string): void {
    into.text += text;
    if (into.text.length > maxText) throw new XmlError('a text longer than allowed');
  }

  #name(): string {
    name.lastIndex = this.#at;
    const found = name.exec(this.#text)?.[0];
    if (found === undefined) throw new XmlError(`no name at ${this.#at}`);
    this.#at += found.length;
    return found.slice(found.indexOf(':') + 1);
  }

  #attributes(): void {
    for (let count = 0; ; count++) {
      attribute.lastIndex = this.#at;
      const found = attribute.exec(this.#text)?.[0];
      if (found === undefined) break;
      if (count >= 32) throw new XmlError('too many attributes');
      this.#at += found.length;
    }
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #close(open: Open[]): Open {
    const closed = open.pop();
    const closing = this.#name();
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
    if (closed === undefined || closed.name !== closing || !this.#takes('>'))
      throw new XmlError(`</${closing.slice(0, 40)}> closes nothing`);
    return closed;
  }

  #takes(mark: string): boolean {
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    return true;
  }
}

const five: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function readEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]{0,12})(;?)/g, (whole, what: string, end: string) => {
    const known = five[what] ?? numbered(what);
    if (end !== ';' || known === null)
      throw new XmlError(`an entity that is not read: ${whole.slice(0, 16)}`);
    return known;
  });
}

function numbered(what: string): string | null {
  const digits = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(what);
  if (digits === null) return null;
  const code = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : null;
}

/** The first child of this name. */
export const child = (of: Element, wanted: string): Element | undefined =>
  of.children.find((one) => one.name === wanted);

export const textOf = (of: Element, wanted: string): string | null => child(of, wanted)?.text ?? null;

export const childrenOf = (of: Element, wanted: string): readonly Element[] =>
  of.children.filter((one) => one.name === wanted);

/** What may stand in an element's text. */
export const escapeXml = (text: string): string =>
  text.replace(/[<>&"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
