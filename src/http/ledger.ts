/**
 * The signed ledger: checkpoint and tiles for everybody, as C2SP tlog-tiles has them (they hold salted hashes only), the
 * door for cosignatures of its witnesses, and the proof of one entry for who may read it.
 */
import { Refusal, refuse, rfc3339 } from '../base/index.ts';
import { govern } from '../contract/index.ts';
import { deadline } from '../law/index.ts';
import {
  append,
  entryBundle,
  findEntry,
  isOwnTree,
  type LedgerTree,
  parseTilePath,
  proveEntry,
  redact,
  scrub,
  tileWidth,
  tileWidthAt,
} from '../ledger/index.ts';
import { endedBefore, logFloorOn } from '../store/index.ts';
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
      const { leaf, salt, entry, fields, proof, checkpoint } = await proveEntry({ db: kysely, tree }, seq);
      await note({ subject: { kind: 'ledger' }, detail: { proof: seq } });
      return {
        ...{ seq, leaf, entry, checkpoint, key: tree.verifierKey },
        witnesses: tree.cosignatures.keys(),
        ...{ salt: base64(salt), proof: proof.map(base64) },
        fields: fields.map((one) => ({ ...one, salt: base64(one.salt) })),
      };
    },
  });
  mountRedaction(edge, tree);
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

/** Who approves what is done with footage also does this: not who administers, nor who audits. */
function mountRedaction(edge: Edge, tree: LedgerTree): void {
  const { kysely } = edge.db;
  mount(edge, govern.ledgerRedact, {
    handle: async ({ params: { seq }, body, grant, written }) => {
      const row = await findEntry(kysely, seq);
      if (row.actor_id !== null && row.actor_id === grant.by.personId) refuse('ledger.own-entry');
      const atMs = edge.clock.wallMs();
      if (body.basis === 'request') await checkFloor(edge, row.at.getTime(), atMs);
      await tree.settle();
      const redacted = await kysely.transaction().execute(async (trx) => {
        const { fields, basis, reference } = body;
        const ordered = await append(trx, {
          ...{ atMs, actor: grant.by, action: grant.action, outcome: 'done', reason: reference },
          ...{ subject: { kind: 'ledger', id: String(seq) }, detail: { seq, fields, basis } },
        });
        return redact(trx, { seq, fields, ordered, atMs });
      });
      written();
      await scrub(kysely);
      return { seq, redacted };
    },
  });
}

/** A person's request does not shorten what the law has kept (PIPL art. 47(2)). */
async function checkFloor(edge: Edge, entryMs: number, nowMs: number): Promise<void> {
  const day = rfc3339(nowMs).slice(0, 10);
  const sites = await edge.db.kysely.selectFrom('site').select('profiles').execute();
  const profiles = [...new Set(sites.flatMap((site) => site.profiles))];
  const floor = logFloorOn(profiles.length > 0 ? profiles : ['cn-national'], day);
  if (floor.value === null || entryMs < endedBefore(floor.value, nowMs)) return;
  const { instrument = '', article = '' } = floor.because[0]?.answer.cite ?? {};
  const until = deadline(rfc3339(entryMs).slice(0, 10), floor.value).day;
  refuse('ledger.within-floor', { day: until }, [{ clause: floor.clause, instrument, article }]);
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
