/** The XML reader against what storages answer, and against whoever else answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  childrenOf,
  type Element,
  escapeXml,
  readXml,
  textOf,
  XmlError,
} from '../../../src/engine/bucket/xml.ts';

const read = (text: string): Element => readXml(Buffer.from(text));

test('a listing is read as S3 writes it', () => {
  const root = read(`<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><IsTruncated>false</IsTruncated>
<Contents><Key>a&amp;b/&#x4e2d;</Key><ETag>&quot;abc&quot;</ETag><Size>12</Size></Contents><Contents/></ListBucketResult>
`);
  assert.equal(root.name, 'ListBucketResult');
  assert.equal(textOf(root, 'IsTruncated'), 'false');
  const [first] = childrenOf(root, 'Contents');
  assert.equal(textOf(first as Element, 'Key'), 'a&b/中');
  assert.equal(textOf(first as Element, 'ETag'), '"abc"');
  assert.equal(childrenOf(root, 'Contents').length, 2);
});

test('a document type, entities of its own, instructions and half documents are refused', () => {
  const hostile = [
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
    '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    '<x>&nbsp;</x>',
    '<x>&#0;</x>',
    '<x>&#xd800;</x>',
    '<x>&amp</x>',
    '<x><?php 1 ?></x>',
    '<x><y></x></y>',
    '<x>',
    '<x',
    '</x>',
    '',
    'text',
    '<x/><y/>',
    '<x a=b/>',
    `<x a="${'<'}"/>`,
  ];
  for (const text of hostile) assert.throws(() => read(text), XmlError, text);
  assert.throws(() => readXml(Uint8Array.of(0x3c, 0x78, 0x3e, 0xff)), XmlError);
});

test('depth, number, length and size have a bound', () => {
  assert.throws(() => read('<a>'.repeat(100_000)), /too deep/);
  assert.throws(() => read(`<a>${'<b/>'.repeat(60_000)}</a>`), /too many/);
  assert.throws(() => read(`<a>${'x'.repeat(70_000)}</a>`), /longer/);
  assert.throws(() => read(`<a ${'b="c" '.repeat(40)}/>`), /attributes/);
  assert.throws(() => readXml(Buffer.alloc(5_000_000, ' ')), /larger/);
});

test('whatever comes, the reader gives a document or an XmlError, soon', () => {
  const pieces = fc.constantFrom(
    ...[
      '<',
      '>',
      '</',
      '/>',
      '<a',
      '<a>',
      '</a>',
      '&',
      ';',
      '&lt;',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
    ],
    ...['<!DOCTYPE', '"', "'", '=', ' ', 'x', '中', '\u0000'],
  );
  const soup = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 60 }).map((all) => all.join(''));
  const look = (bytes: Uint8Array) => {
    try {
      readXml(bytes);
    } catch (error) {
      assert.ok(error instanceof XmlError, String(error));
    }
  };
  fc.assert(
    fc.property(soup, (text) => look(Buffer.from(text))),
    { numRuns: 3_000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => look(bytes)),
    { numRuns: 1_000 },
  );
});

test('text that was escaped is read back as it was', () => {
  const readable = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(readable, (text) => {
      assert.equal(read(`<a>${escapeXml(text)}</a>`).text, text);
    }),
  );
});
