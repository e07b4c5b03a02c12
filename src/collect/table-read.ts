/** A file of a table, whatever of the two kinds it is; what is neither is refused. */
import { refuse } from '../base/index.ts';
import type { Progress, Table } from './table.ts';
import { readCsv } from './table-csv.ts';
import { readXlsx } from './table-xlsx.ts';
import { isZip } from './table-zip.ts';

/** The old binary form of Excel, a PDF, a picture: none of it is text, though some decoder would take it for it. */
const otherKinds = ['d0cf11e0', '25504446', '89504e47', 'ffd8ff', '7f454c46', '1f8b'];

export async function readTable(bytes: Buffer, progress: Progress): Promise<Table> {
  if (isZip(bytes)) return readXlsx(bytes, progress);
  const first = bytes.toString('hex', 0, 4);
  if (bytes.length === 0 || otherKinds.some((kind) => first.startsWith(kind)))
    return refuse('import.not-a-table');
  return readCsv(bytes, progress);
}
