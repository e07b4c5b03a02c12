/** The endpoint that tries an address and says what is there. */
import { Refusal } from '../base/index.ts';
import { type Camera, openPassword, readAddress } from '../collect/index.ts';
import { collect } from '../contract/index.ts';
import type { Source } from '../engine/index.ts';
import { mount } from './route.ts';
import type { VideoEdge } from './video-edge.ts';

const probeWithinMs = 12_000;
const maxProbes = 8;
let probes = 0;

export function mountProbe(edge: VideoEdge): void {
  mount(edge, collect.probe, {
    handle: async ({ body, note }) => {
      const source = probeSource(edge, body);
      const beganMs = edge.clock.monoMs();
      const found = await bounded(() => edge.engine.probe(source, probeWithinMs));
      await note({ detail: { probe: source.url, found: found.problem?.code ?? 'ok' } });
      const { problem, codec, width, height, audioCodec, transport } = found;
      return {
        ok: problem === null,
        problem: problem && { code: problem.code, values: { ...problem.values } },
        codec,
        width,
        height,
        audioCodec,
        transport,
        tookMs: Math.round(edge.clock.monoMs() - beganMs),
      };
    },
  });
}

/** A probe holds a connection to somewhere for seconds: a few at once are a form, more are a scan of the network. */
async function bounded<T>(work: () => Promise<T>): Promise<T> {
  if (probes >= maxProbes) throw new Refusal('request.too-many', { seconds: 5 });
  probes++;
  try {
    return await work();
  } finally {
    probes--;
  }
}

type ProbeBody = {
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  transport: 'auto' | 'tcp' | 'udp';
  cameraId?: string | undefined;
};

function probeSource(edge: VideoEdge, body: ProbeBody): Source {
  const address = readAddress(body.url);
  const lender = body.cameraId === undefined ? null : edge.cameras.require(body.cameraId);
  const typed = body.password ?? address.password;
  const user = body.user ?? address.user ?? lender?.main.user ?? '';
  const password = typed ?? lent(edge, lender, address.url, user);
  const id = 'probe.main';
  return {
    id,
    cameraId: 'probe',
    stream: 'main',
    url: address.url,
    user,
    password,
    transport: body.transport,
    sound: false,
    always: false,
  };
}

/** A stored password goes to its own camera only: whoever may configure must not have it sent to a host of theirs. */
function lent(edge: VideoEdge, lender: Camera | null, url: string, user: string): string {
  if (!lender || new URL(lender.url).hostname !== new URL(url).hostname) return '';
  return user === lender.main.user ? openPassword(edge.box, lender, 'main') : '';
}
