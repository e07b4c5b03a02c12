/** What is offered is served, and what is served is offered: the contract against the routes, both ways. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractEndpoints } from '../../src/http/index.ts';
import { golden } from '../support/golden.ts';
import { isNode, type Node, readSources, type Source, walk } from '../support/sources.ts';

const sources = readSources('src/http');

/** The area that a file's name for a contract module means: `contract` may be `gate`. */
function areasOf(source: Source): Map<string, string> {
  const areas = new Map<string, string>();
  for (const [node] of walk(source.program)) {
    if (node.type !== 'ImportSpecifier' || !isNode(node.local) || !isNode(node.imported)) continue;
    areas.set(String(node.local.name), String(node.imported.name));
  }
  return areas;
}

/** Calls by the name of what is called: `mount(…)`, `app.get(…)`. */
function* callsIn(source: Source): Generator<[string, Node[]]> {
  for (const [node] of walk(source.program)) {
    if (node.type !== 'CallExpression' || !isNode(node.callee)) continue;
    yield [source.text.slice(node.callee.start, node.callee.end), node.arguments as Node[]];
  }
}

const textOf = (source: Source, node: Node | undefined): string =>
  node ? source.text.slice(node.start, node.end) : '';

test('every endpoint of the contract is mounted, and mounted once', () => {
  const mounted = sources.flatMap((source) => {
    const areas = areasOf(source);
    return [...callsIn(source)].flatMap(([callee, [, endpoint]]) => {
      if (callee !== 'mount') return [];
      const [area = '', name = ''] = textOf(source, endpoint).split('.');
      return [`${areas.get(area) ?? area}.${name}`];
    });
  });
  assert.deepEqual(
    mounted.filter((name, i) => mounted.indexOf(name) !== i),
    [],
  );
  const known = contractEndpoints();
  assert.deepEqual(
    mounted.filter((name) => !known.has(name)),
    [],
  );
  const uncovered = [...known.keys()].filter((name) => !mounted.includes(name)).sort();
  golden('uncovered-endpoints.txt', uncovered.map((name) => `${name}\n`).join(''));
});

/** What is not an endpoint of the contract, each with its reason. */
const beside: Record<string, string> = {
  '/api/openapi.json': 'is printed from the contract',
  '/api/events': 'a stream; its events stand in contract/display',
  '/ledger/checkpoint': 'a signed note, as C2SP tlog-tiles wants it',
  '/ledger/cosignature':
    'a signed note with its cosignature, as C2SP tlog-cosignature has it; the signature says whose',
  '/ledger/cosigned': 'a signed note with its cosignatures',
  '/ledger/key': 'a verifier key, as C2SP signed-note wants it',
  '/ledger/tile/*': 'tiles, as C2SP tlog-tiles wants them',
  '/metrics': 'Prometheus has its own format',
  '/media/:ticket/footage.mp4': 'a media door: bytes of video',
  '/media/:ticket/index.m3u8': 'a media door: bytes of video',
  '/media/:ticket/missing.json': 'a media door: where pictures are missing in the bytes',
  '/media/:ticket/still.jpg': 'a media door: bytes of video',
  '/media/': 'a media door: the WebSocket',
};

test('nothing is mounted beside the contract except what is listed here', () => {
  const found = sources.flatMap((source) =>
    [...callsIn(source)].flatMap(([callee, [first]]) => {
      const isRoute = /\b(app|server)\.(get|post|put|patch|delete|head|all|stream|onUpgrade)$/.test(callee);
      const isWhole = /\bapp\.route$/.test(callee);
      if (!isRoute && !isWhole) return [];
      const path = isWhole ? urlOf(source, first) : textOf(source, first);
      return [path.replace(/^'(.*)'$/, '$1')];
    }),
  );
  // route.ts mounts the endpoints themselves, stream.ts the streams: their paths are given to them.
  const given = found.filter((path) => path !== 'endpoint.path' && path !== 'path');
  assert.deepEqual(given.sort(), Object.keys(beside).sort());
});

function urlOf(source: Source, options: Node | undefined): string {
  const members = (options?.properties ?? []) as Node[];
  const url = members.find((member) => isNode(member.key) && member.key.name === 'url');
  return textOf(source, isNode(url?.value) ? url.value : undefined);
}
