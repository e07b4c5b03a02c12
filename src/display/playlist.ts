/** A planned file as an HLS playlist of byte ranges (RFC 8216 and its second edition), pure. */
import type { FilePlan } from '../engine/index.ts';

export function playlist(plan: FilePlan, file: string): string {
  const longest = Math.max(1, ...plan.chunks.map((chunk) => Math.ceil(chunk.seconds)));
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-TARGETDURATION:${longest}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-MAP:URI="${file}",BYTERANGE="${plan.initBytes}@0"`,
  ];
  for (const chunk of plan.chunks) {
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(chunk.wallMs).toISOString()}`,
      `#EXTINF:${chunk.seconds.toFixed(5)},`,
      `#EXT-X-BYTERANGE:${chunk.bytes}@${chunk.offset}`,
      file,
    );
  }
  return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`;
}
