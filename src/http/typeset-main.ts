/** One document, typeset in a process of its own: `{template, data}` as JSON comes in, a PDF goes out. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';

interface Order {
  readonly template: string;
  readonly data: unknown;
}

const fonts = join(dirname(createRequire(import.meta.url).resolve('@embedpdf/fonts-sc')), '../fonts');
const weights = ['Regular', 'Bold'];

const { template, data } = JSON.parse(readFileSync(0, 'utf8')) as Order;
const compiler = NodeCompiler.create({
  workspace: import.meta.dirname,
  fontArgs: [{ fontBlobs: weights.map((weight) => readFileSync(join(fonts, `NotoSansHans-${weight}.otf`))) }],
});
const pdf = compiler.pdf({ mainFileContent: template, inputs: { data: JSON.stringify(data) } });
if (!pdf) throw new Error('nothing was typeset');
process.stdout.write(pdf);
