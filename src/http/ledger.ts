/**
 * The signed ledger: checkpoint and tiles for everybody, as C2SP tlog-tiles has them (they hold salted hashes only), the
 * door for cosignatures of its witnesses, and the proof of one entry for who may read it.
 */
import { Refusal, rfc3339 } from '../base/index.ts';
import { govern } from '../contract/index.ts';
import {
  entryBundle,
  isOwnTree,
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
const maxNoteBytes = 64 * 1024;
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
  mount(edge, govern.ledgerState, { handle: () => stateOf(tree) });
  edge.app.get('/ledger/checkpoint', (_request, reply) =>
    reply.type(plain).header('cache-control', forMoments).send(tree.cosignatures.withLines(tree.signed.note)),
  );
  edge.app.get('/ledger/cosigned', (_request, reply) => {
    const best = tree.cosignatures.best();
    if (!best) throw new Refusal('request.unknown');
    return reply.type(plain).header('cache-control', forMoments).send(best.note);
  });
  edge.app.post('/ledger/cosignature', { bodyLimit: maxNoteBytes }, async (request, reply) => {
    if (typeof request.body !== 'string') throw new Refusal('request.malformed', { what: 'body' });
    await tree.cosignatures.take(request.body, (one) => isOwnTree(tree.files, one, tree.signed.size));
    return reply.status(204).send();
  });
  edge.app.get('/ledger/key', (_request, reply) =>
    reply.type(plain).header('cache-control', forMoments).send(`${tree.verifierKey}\n`),
  );
  edge.app.get<{ Params: { '*': string } }>('/ledger/tile/*', async (request, reply) => {
    const tile = await readTile(edge, tree, request.params['*']);
    return reply.type('application/octet-stream').header('cache-control', forEver).send(tile);
  });
}

function stateOf(tree: LedgerTree) {
  return {
    size: tree.signed.size,
    signed: tree.signedAtMs === null ? null : rfc3339(tree.signedAtMs),
    halted: tree.halted !== null,
    key: tree.verifierKey,
    witnesses: tree.cosignatures.states().map(({ name, size, cosignedAtMs, isSilent }) => ({
      ...{ name, size, silent: isSilent },
      cosigned: cosignedAtMs === null ? null : rfc3339(cosignedAtMs),
    })),
  };
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
