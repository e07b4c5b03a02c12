/** Tables that strangers send: what is read of them, what is refused, and that nothing they hold is run, expanded or cut short. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { Refusal } from '../../src/base/index.ts';
import { findHead, readRow } from '../../src/collect/import-row.ts';
import { columnLetter } from '../../src/collect/table.ts';
import { readTable } from '../../src/collect/table-read.ts';
import { xlsx } from '../../src/http/xlsx.ts';
import { sheetFile, zipOf } from '../support/sheets.ts';

const read = (bytes: Buffer | string) => readTable(Buffer.from(bytes as string), () => {});
const codeOf = async (bytes: Buffer | string): Promise<string> => {
  try {
    await read(bytes);
    return 'read';
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error.values.what ? `${error.code} ${error.values.what}` : error.code;
  }
};
const textsOf = async (bytes: Buffer | string) =>
  (await read(bytes)).rows.map(({ cells }) => Array.from(cells, (cell) => cell?.text ?? ''));

describe('a table that somebody sends', () => {
  test('what we write as XLSX and CSV is read back as it was', async () => {
    const rows = [
      ['1', 'Gate <north> & "south"', '-1层', '  ,;\n'],
      ['2', '北门', '', '=1+1'],
    ];
    const file = xlsx([{ name: 'x', head: ['a', 'b', 'c', 'd'], rows }]);
    assert.deepEqual((await textsOf(file)).slice(1), [
      ['1', 'Gate <north> & "south"', '-1层', '  ,;\n'],
      ['2', '北门', '', '=1+1'],
    ]);
  });

  test('CSV is read with its mark, in UTF-16 and in GB18030, with commas, semicolons and tabs', async () => {
    const expected = [
      ['编号', '名称'],
      ['1', '北门 "内侧"'],
    ];
    const csv = '编号,名称\r\n1,"北门 ""内侧"""\r\n';
    assert.deepEqual(await textsOf(`\uFEFF${csv}`), expected);
    assert.deepEqual(await textsOf(csv.replaceAll(',', ';')), expected);
    assert.deepEqual(await textsOf(csv.replaceAll(',', '\t').replaceAll('\r', '')), expected);
    assert.deepEqual(await textsOf(Buffer.from(`\uFEFF${csv}`, 'utf16le')), expected);
    // 编号,名称 / 1,北门 in GB18030.
    const gb = Buffer.from('b1e0bac52cc3fbb3c60d0a312cb1b1c3c50d0a', 'hex');
    assert.deepEqual(await textsOf(gb), [
      ['编号', '名称'],
      ['1', '北门'],
    ]);
  });

  test('what is no table is refused: a picture, a PDF, an old spreadsheet, a program, a ZIP of something else', async () => {
    const files = [
      '89504e470d0a1a0a',
      '255044462d312e37',
      'd0cf11e0a1b11ae1',
      '7f454c4602',
      '0001020304050607',
      '',
    ];
    for (const hex of files) assert.equal(await codeOf(Buffer.from(hex, 'hex')), 'import.not-a-table', hex);
    assert.equal(await codeOf(zipOf([['readme.txt', 'hello']])), 'import.not-a-table');
    assert.equal(await codeOf(zipOf([['readme.txt', 'hello']]).subarray(0, 40)), 'import.damaged zip-end');
  });

  test('a ZIP bomb is stopped at the bound, whatever it says of itself', async () => {
    const blanks = Buffer.alloc(100 * 1024 * 1024, 0x20);
    const packed = deflateRawSync(blanks);
    const crc = crc32(blanks.subarray(0, 1_000));
    const saying = (bytes: number) =>
      sheetFile({ rows: [] }, { 'xl/worksheets/sheet1.xml': { packed, bytes, crc } });
    assert.ok(saying(blanks.length).length < 1024 * 1024, 'it is small on the way');
    assert.equal(await codeOf(saying(blanks.length)), 'import.too-large');
    // It says that it is small.
    const liar = saying(1_000);
    assert.equal(await codeOf(liar), 'import.damaged zip-data');
  });

  test('a hundred thousand rows are refused, and the reading ends where the bound is', async () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => [String(i), `camera ${i}`]);
    const file = sheetFile({ rows: [['Number', 'Name'], ...rows] });
    let last = 0;
    await assert.rejects(
      readTable(file, (done) => {
        last = done;
      }),
      { code: 'import.too-many' },
    );
    assert.ok(last > 0 && last <= 20_500, `it went on to row ${last}`);
    const csv = ['Number,Name', ...rows.map((row) => row.join(','))].join('\n');
    assert.equal(await codeOf(csv), 'import.too-many');
  });

  test('entities, document types, encryption, names twice and cells out of the sheet are refused', async () => {
    const sheet = (xml: string) => sheetFile({ rows: [] }, { 'xl/worksheets/sheet1.xml': xml });
    const laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>';
    assert.equal(await codeOf(sheet(laughs)), 'import.damaged xml');
    assert.equal(
      await codeOf(sheet('<worksheet><row r="1"><c r="XFD1"><v>1</v></c></row>')),
      'import.damaged columns',
    );
    assert.equal(
      await codeOf(sheet('<row r="2"><c><v>1</v></c></row><row r="1"></row>')),
      'import.damaged row-order',
    );
    assert.equal(await codeOf(sheet(`<row r="1"><c r="A1" ${'x'.repeat(70_000)}`)), 'import.damaged xml');
    assert.equal(
      await codeOf(sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>')),
      'import.damaged strings',
    );
    const file = sheetFile({ rows: [] });
    const encrypted = Buffer.from(file);
    encrypted.writeUInt16LE(1, encrypted.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 8);
    assert.equal(await codeOf(encrypted), 'import.damaged zip-encrypted');
    assert.equal(
      await codeOf(
        zipOf([
          ['a', ''],
          ['a', ''],
        ]),
      ),
      'import.damaged zip-name-twice',
    );
  });

  test('formulas and errors are told, whatever value stands beside them; hidden sheets are passed over', async () => {
    const xml =
      '<worksheet><sheetData><row r="3"><c r="B3" t="str"><f>HYPERLINK("http://x")</f><v>Gate</v></c>' +
      '<c r="C3" t="e"><v>#REF!</v></c><c r="D3" t="b"><v>1</v></c></row></sheetData></worksheet>';
    const { rows } = await read(sheetFile({ rows: [] }, { 'xl/worksheets/sheet1.xml': xml }));
    assert.deepEqual(
      rows.map(({ no, cells }) => [no, ...Array.from(cells, (cell) => cell && [cell.kind, cell.text])]),
      [[3, undefined, ['formula', ''], ['error', ''], ['text', 'yes']]],
    );
    assert.deepEqual((await read('Number\n=cmd|x\n')).rows[1]?.cells[0], { kind: 'formula', text: '' });
  });

  test('no bytes make the reader break: it reads, or refuses', async () => {
    const whole = sheetFile({
      rows: [
        ['Number', 'Name'],
        ['1', 'x'],
      ],
    });
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(edits, async (all) => {
        const file = Buffer.from(whole);
        for (const [at, byte] of all) file[at] = byte;
        await codeOf(file);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        async (bytes) => void (await codeOf(Buffer.from(bytes))),
      ),
      { numRuns: 300 },
    );
  });

  test('any table survives being written as CSV', async () => {
    const cell = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .filter((text) => !/^\s*=|^'|\0|\r/.test(text));
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const csv = all
          .map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(','))
          .join('\r\n');
        const shown = all.map((row) => row.map((one) => (one.trim() === '' ? '' : one)));
        const kept = shown.filter((row) => row.some(Boolean));
        assert.deepEqual(await textsOf(`\uFEFF${csv}`), kept);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a row of cameras', () => {
  const rowOf = async (head: readonly string[], cells: readonly string[]) => {
    const { rows } = await read(sheetFile({ rows: [[...head], [...cells]] }));
    const { said, problems } = readRow(rows[1]!, findHead({ rows, merged: [], since1904: false }), false);
    return { said, problems: problems.map(({ letter, code }) => `${letter}: ${code}`) };
  };
  const one = async (name: string, text: string) => {
    const { said, problems } = await rowOf(['编号', name], ['1', text]);
    const { number: _, ...rest } = said;
    return problems[0] ?? Object.values(rest)[0];
  };

  test('columns are known in both languages, in any order, below a title', async () => {
    const { rows } = await read(
      sheetFile({
        rows: [['2026 cameras of the school'], ['备注', '设备名称 *', ' Number '], ['x', 'Gate', '7']],
      }),
    );
    const head = findHead({ rows, merged: [], since1904: false });
    assert.deepEqual([head.no, head.columns, head.unread], [2, [null, 'name', 'number'], ['备注']]);
    assert.throws(() => findHead({ rows: rows.slice(2), merged: [], since1904: false }), {
      code: 'import.no-head',
    });
    await assert.rejects(rowOf(['Number', 'Name', '名称'], ['1', 'a', 'b']), { code: 'import.column-twice' });
  });

  test('names with markup, formulas and hidden characters are refused; a floor below ground is a name', async () => {
    for (const bad of [
      '<img src=x onerror=alert(1)>',
      '=HYPERLINK("x")',
      '@SUM(1)',
      '+cmd|calc',
      "-2+3+cmd|' /C calc'!A0",
    ])
      assert.equal(await one('名称', bad), 'B: markup', bad);
    assert.equal(await one('名称', 'gate\u202egnp'), 'B: control');
    assert.equal(await one('名称', 'x'.repeat(81)), 'B: too-long');
    for (const good of ['-1层走廊', 'A<B 走廊', "O'Neill", '5 > 3'])
      assert.equal(await one('名称', good), good);
  });

  test('days are days of this calendar and of this time', async () => {
    const day = (text: string) => one('说明日期', text);
    for (const good of ['2026-03-01', '2026/3/1', '2026年3月1日', '2026.03.01', '２０２６-03-01'])
      assert.equal(await day(good), '2026-03-01', good);
    for (const bad of [
      '民国115年3月1日',
      '令和8年3月1日',
      '115-03-01',
      '26-03-01',
      '1926-03-01',
      '2569-03-01',
    ])
      assert.equal(await day(bad), 'B: date-era', bad);
    for (const bad of ['2026-02-30', '01/03/2026', 'yesterday', '13月1日'])
      assert.equal(await day(bad), 'B: date', bad);
    const numbered = async (serial: number, since1904: boolean) => {
      const { rows } = await read(xlsx([{ name: 'x', head: ['编号', '说明日期'], rows: [['1', serial]] }]));
      const row = readRow(rows[1]!, findHead({ rows, merged: [], since1904 }), since1904);
      return row.problems[0]?.code ?? row.said.saidOn;
    };
    assert.equal(await numbered(46_082, false), '2026-03-01');
    assert.equal(await numbered(44_620, true), '2026-03-01');
    assert.equal(await numbered(20_260_301, false), '2026-03-01');
    assert.equal(await numbered(1, false), 'date-era');
    assert.equal(await numbered(900_000, false), 'date-era');
  });

  test('positions are read in degrees and in minutes; a long number that a spreadsheet cut is told', async () => {
    assert.equal(await one('纬度', '41.805699'), 41.805699);
    assert.equal(await one('纬度', '41°30′'), 41.5);
    assert.equal(await one('经度', '123 25 48 E'), 123.43);
    assert.equal(await one('纬度', '41,8'), 'B: number');
    assert.equal(await one('经度', '1e9'), 'B: range');
    const { rows } = await read(xlsx([{ name: 'x', head: ['编号', '名称'], rows: [[2.1e19, 'Gate']] }]));
    const cut = readRow(rows[1]!, findHead({ rows, merged: [], since1904: false }), false);
    assert.deepEqual(
      cut.problems.map(({ code }) => code),
      ['digits-lost'],
    );
  });

  test('a room is one of the list, in either language, and never guessed', async () => {
    assert.equal(await one('所在区域', '更衣室'), 'changing-room');
    assert.equal(await one('Where it is', 'Changing Room'), 'changing-room');
    assert.equal(await one('所在区域', '男更衣室'), 'B: choice');
  });

  test('columns are lettered as spreadsheets do', () => {
    assert.deepEqual([0, 25, 26, 51, 52, 701, 702].map(columnLetter), [
      'A',
      'Z',
      'AA',
      'AZ',
      'BA',
      'ZZ',
      'AAA',
    ]);
  });
});
