/** Tries an address once: what is there, or what is wrong. It keeps nothing. */
import type { Clock, Log } from '../../base/index.ts';
import type { Problem } from '../../contract/causes.ts';
import type { ProbeResult, Source } from '../engine.ts';
import { openLink } from '../rtsp/index.ts';
import type { AudioTrack, Link, VideoTrack } from '../units.ts';

/** Good only when a picture came: a camera that describes itself and then sends nothing is no camera yet. */
export async function probe(
  source: Source,
  timeoutMs: number,
  at: { clock: Clock; log: Log },
): Promise<ProbeResult> {
  let video: VideoTrack | null = null;
  let audio: AudioTrack | null = null;
  const seconds = Math.round(timeoutMs / 1000);
  let late: NodeJS.Timeout | undefined;
  let link: Link | undefined;
  const problem = await new Promise<Problem | null>((resolve) => {
    late = setTimeout(() => resolve(silent(source, seconds, video !== null)), timeoutMs);
    link = openLink(
      { source, clock: at.clock, log: at.log },
      {
        tracks: (picture, sound) => {
          video = picture;
          audio = sound;
        },
        unit: (unit) => unit.track === 'video' && resolve(null),
        clock: () => {},
        closed: (why) => resolve(why ?? { code: 'closed', values: {} }),
      },
    );
  });
  clearTimeout(late);
  const transport = link?.transport ?? null;
  void link?.[Symbol.asyncDispose]();
  return result(problem, video, audio, video ? transport : null);
}

function silent(source: Source, seconds: number, described: boolean): Problem {
  if (described) return { code: 'stalled', values: { seconds } };
  const { hostname, port } = URL.parse(source.url) ?? { hostname: '', port: '' };
  return { code: 'no-answer', values: { host: hostname, port: port || 554, seconds } };
}

function result(
  problem: Problem | null,
  video: VideoTrack | null,
  audio: AudioTrack | null,
  transport: ProbeResult['transport'],
): ProbeResult {
  return {
    problem,
    codec: video?.codecString ?? null,
    width: video?.width ?? null,
    height: video?.height ?? null,
    audioCodec: audio?.codec ?? null,
    transport,
  };
}
