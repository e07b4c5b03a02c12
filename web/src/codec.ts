/** What a stream's codec is called by people: `avc1.640028` is H.264 High 4.0. */

const h264Profiles: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
  122: 'High 4:2:2',
};
const h265Profiles: Readonly<Record<string, string>> = { '1': 'Main', '2': 'Main 10', '3': 'Main Still' };

/** RFC 6381 in, `H.264`, `H.265` or the codec itself out. */
export function codecFamily(codec: string): string {
  if (/^avc[13]\./.test(codec)) return 'H.264';
  if (/^h(vc|ev)1\./.test(codec)) return 'H.265';
  return codec;
}

/** The family with profile and level, where the name tells them. */
export function codecInFull(codec: string): string {
  const avc = /^avc[13]\.([0-9a-f]{2})[0-9a-f]{2}([0-9a-f]{2})$/i.exec(codec);
  if (avc) {
    const profile = h264Profiles[Number.parseInt(avc[1] ?? '', 16)];
    return ['H.264', profile, (Number.parseInt(avc[2] ?? '', 16) / 10).toFixed(1)].filter(Boolean).join(' ');
  }
  const hevc = /^h(?:vc|ev)1\.[A-C]?(\d+)\.[0-9A-F]+\.[LH](\d+)/i.exec(codec);
  if (hevc) {
    const level = (Number(hevc[2]) / 30).toFixed(1);
    return ['H.265', h265Profiles[hevc[1] ?? ''], level].filter(Boolean).join(' ');
  }
  return codec;
}
