/**
 * The signed ledger: checkpoint and tiles for everybody, as C2SP tlog-tiles has them (they hold salted hashes only), and
 * the proof of one entry for who may read it.
 */
import { Refusal } from '../base/index.ts';
import { govern } from '../contract/index.ts';
import {
  entryBundle,
  type LedgerTree,
  parseTilePath,
  proveEntry,
  tileWidth,
  tileWidthAt,
} from '../ledger/index.ts';
import { type Edge, mount } from './route.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
/** A tile of an address never changes: it may be kept for a year. */
const forEver = 'public, max-age=31536000, immutable';
const forMoments = 'public, max-age=2';
const plain = 'text/plain; charset=utf-8';

export function mountLedgerTree(edge: Edge, tree: LedgerTree): void {
  const { kysely } = edge.db;
  mount(edge, govern.ledgerProof, {
    handle: async ({ params: { seq }, note }) => {
      const { leaf, salt, entry, proof, checkpoint } = await proveEntry({ db: kysely, tree }, seq);
      await note({ subject: { kind: 'ledger' }, detail: { proof: seq } });
      return {
        ...{ seq, leaf, entry, checkpoint, key: tree.verifierKey },
        ...{ salt: base64(salt), proof: proof.map(base64) },
      };
    },
  });
  edge.app.get('/ledger/checkpoint', (_request, reply) =>
    reply.type(plain).header('cache-control', forMoments).send(tree.signed.note),
  );
  edge.app.get('/ledger/key', (_request, reply) =>
    reply.type(plain).header('cache-control', forMoments).send(`${tree.verifierKey}\n`),
  );
  edge.app.get<{ Params: { '*': string } }>('/ledger/tile/*', async (request, reply) => {
    const tile = await readTile(edge, tree, request.params['*']);
    return reply.type('application/octet-stream').header('cache-control', forEver).send(tile);
  });
}

/** What no checkpoint covers yet is not there. */
async function readTile(edge: Edge, tree: LedgerTree, path: string): Promise<Buffer> {
  const address = parseTilePath(path);
  if (!address) throw new Refusal('request.unknown');
  const { level, index, width } = address;
  const covered = tileWidthAt(tree.signed.size, level === 'entries' ? 0 : level, index);
  if (width > Math.min(covered, tileWidth)) throw new Refusal('request.unknown');
  const tile =
    level === 'entries'
      ? await entryBundle(edge.db.kysely, index, width)
      : await tree.files.readTile(level, index, width);
  if (!tile) throw new Refusal('request.unknown');
  return tile;
}
