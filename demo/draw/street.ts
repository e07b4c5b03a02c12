/**
 * Draws the demo's street scenes on a 2D canvas, one picture for one moment of a loop. It runs in a browser page
 * (see scripts/draw-scenes.ts) and invents every figure: nobody was filmed.
 *
 * The world is in metres: x to the right, y up, z away from the camera. Everything that moves comes back to where it
 * was after `loopS`, so that a clip can be repeated without a jump.
 */

interface Camera {
  readonly height: number;
  readonly pitch: number;
  readonly yaw: number;
  readonly focal: number;
}

interface Light {
  readonly sky: readonly [string, string];
  readonly skyline: string;
  readonly road: string;
  readonly walk: string;
  readonly kerb: string;
  readonly paint: string;
  readonly leaf: readonly [string, string];
  /** 0 = day, 1 = night: lamps, windows and headlights shine. */
  readonly night: number;
  readonly shadow: string;
  readonly tint: string;
}

interface Walker {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly phase: number;
  readonly coat: string;
  readonly legs: string;
  readonly tall: number;
  readonly bag?: string;
  readonly wheels?: boolean;
}

interface Driver {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly phase: number;
  readonly paint: string;
  readonly kind: 'car' | 'bus' | 'van';
}

export interface Scene {
  readonly name: string;
  readonly camera: Camera;
  readonly light: Light;
  readonly loopS: number;
  readonly roads: readonly (readonly [number, number, number, number])[];
  readonly walks: readonly (readonly [number, number, number, number])[];
  readonly stripes: readonly (readonly [number, number, number, number])[];
  readonly bays?: readonly (readonly [number, number])[];
  readonly houses: readonly {
    x: number;
    z: number;
    w: number;
    d: number;
    h: number;
    wall: string;
    sign?: string;
    awning?: string;
  }[];
  readonly trees: readonly (readonly [number, number, number])[];
  readonly lamps: readonly (readonly [number, number])[];
  readonly parked: readonly { x: number; z: number; along: 'x' | 'z'; paint: string }[];
  readonly walkers: readonly Walker[];
  readonly drivers: readonly Driver[];
}

type Ctx = CanvasRenderingContext2D;
type P3 = readonly [number, number, number];

const day: Light = {
  sky: ['#7fa9cf', '#dbe7ee'],
  skyline: '#a9bccb',
  road: '#5c6166',
  walk: '#a7a59d',
  kerb: '#c9c7bf',
  paint: '#eceae2',
  leaf: ['#3f6b3a', '#5d8a4c'],
  night: 0,
  shadow: 'rgba(20,25,40,.30)',
  tint: 'rgba(255,244,214,.06)',
};
const night: Light = {
  sky: ['#070b16', '#151d31'],
  skyline: '#0c1322',
  road: '#1d2229',
  walk: '#2c3036',
  kerb: '#3a3f46',
  paint: '#8f938f',
  leaf: ['#13231a', '#1b3022'],
  night: 1,
  shadow: 'rgba(0,0,0,.45)',
  tint: 'rgba(20,30,70,.18)',
};
const dusk: Light = {
  sky: ['#3d4a73', '#e0a27c'],
  skyline: '#5a5670',
  road: '#484a52',
  walk: '#7d7872',
  kerb: '#96918a',
  paint: '#d6d0c4',
  leaf: ['#30503a', '#446a48'],
  night: 0.55,
  shadow: 'rgba(15,15,30,.34)',
  tint: 'rgba(255,150,90,.10)',
};

const coats = [
  '#b23a3a',
  '#2f5d8c',
  '#d9a441',
  '#3c7a5a',
  '#7a4f8f',
  '#2b2f38',
  '#c46b3d',
  '#8a8f98',
  '#e4dccb',
  '#4a6fa5',
];
const paints = ['#e9e9e6', '#22262b', '#8d1f24', '#23486f', '#9aa1a8', '#d8b24a', '#37584a'];
const pick = <T>(list: readonly T[], i: number): T =>
  list[((i % list.length) + list.length) % list.length] as T;

/** Deterministic noise, so that a scene is the same each time it is drawn. */
const noise = (i: number): number => {
  const s = Math.sin(i * 127.1 + 11.7) * 43758.5453;
  return s - Math.floor(s);
};

function walkers(
  count: number,
  lane: (i: number) => { from: readonly [number, number]; to: readonly [number, number] },
): Walker[] {
  return Array.from({ length: count }, (_, i) => ({
    ...lane(i),
    phase: noise(i + 3),
    coat: pick(coats, Math.floor(noise(i + 17) * 97)),
    legs: pick(['#23262d', '#3b4254', '#4d4337', '#1d2a3d'], Math.floor(noise(i + 31) * 53)),
    tall: 1.55 + noise(i + 5) * 0.3,
    ...(noise(i + 7) > 0.55 ? { bag: pick(coats, i + 4) } : {}),
  }));
}

function drivers(
  count: number,
  lane: (i: number) => { from: readonly [number, number]; to: readonly [number, number] },
  kinds: readonly Driver['kind'][],
): Driver[] {
  return Array.from({ length: count }, (_, i) => ({
    ...lane(i),
    phase: (i + noise(i) * 0.35) / count,
    paint: pick(paints, i * 3 + 1),
    kind: pick(kinds, i),
  }));
}

export const scenes: readonly Scene[] = [
  {
    name: 'school-gate',
    camera: { height: 5.6, pitch: 0.27, yaw: -0.12, focal: 1.02 },
    light: day,
    loopS: 16,
    roads: [[-3.6, 3.6, 2, 90]],
    walks: [
      [-9, -3.6, 2, 90],
      [3.6, 9, 2, 90],
    ],
    stripes: [[-3.4, 3.4, 13, 16.5]],
    houses: [
      { x: -9, z: 9, w: -10, d: 13, h: 4.6, wall: '#c9b79c', sign: '第一实验小学', awning: '#7d2b2b' },
      { x: -9, z: 26, w: -10, d: 16, h: 10, wall: '#b5a58f' },
      { x: -9, z: 46, w: -10, d: 20, h: 14, wall: '#a89b8b' },
      { x: 9, z: 10, w: 11, d: 12, h: 8, wall: '#9fa9ad', sign: '文具', awning: '#2c6e63' },
      { x: 9, z: 24, w: 11, d: 14, h: 12, wall: '#b9aea0', awning: '#a0572f' },
      { x: 9, z: 42, w: 11, d: 22, h: 17, wall: '#a3a7ab' },
    ],
    trees: [
      [-7.6, 24.5, 5.5],
      [-7.6, 33, 6],
      [-7.6, 42, 6],
      [7.6, 17, 5],
      [7.6, 29, 6],
      [7.6, 40, 6],
    ],
    lamps: [
      [-4.1, 19],
      [4.1, 31],
    ],
    parked: [
      { x: 2.6, z: 24, along: 'z', paint: '#9aa1a8' },
      { x: 2.6, z: 30.5, along: 'z', paint: '#37584a' },
    ],
    walkers: [
      ...walkers(6, (i) => ({ from: [-11 + i * 0.2, 11 + (i % 3)], to: [11, 14.3 + (i % 3) * 0.7] })),
      ...walkers(5, (i) => ({ from: [-6.8 + (i % 3) * 0.9, 70], to: [-6.4 + (i % 3) * 0.9, -4] })),
      ...walkers(4, (i) => ({ from: [5 + (i % 3), -4], to: [5.4 + (i % 3), 66] })),
    ],
    drivers: drivers(
      3,
      (i) => (i % 2 ? { from: [1.7, -9], to: [1.7, 96] } : { from: [-1.7, 96], to: [-1.7, -9] }),
      ['car', 'bus', 'van'],
    ),
  },
  {
    name: 'crossing',
    camera: { height: 7.5, pitch: 0.34, yaw: 0.16, focal: 0.95 },
    light: night,
    loopS: 16,
    roads: [
      [-4, 4, 2, 100],
      [-70, 70, 18, 27],
    ],
    walks: [
      [-16, -4, 2, 18],
      [4, 16, 2, 18],
      [-16, -4, 27, 100],
      [4, 16, 27, 100],
    ],
    stripes: [
      [-3.8, 3.8, 14, 17],
      [-3.8, 3.8, 28, 31],
    ],
    houses: [
      { x: -12, z: 29, w: -14, d: 14, h: 12, wall: '#2a2f3a', sign: '便利店', awning: '#b5403a' },
      { x: -12, z: 45, w: -14, d: 22, h: 20, wall: '#262b35' },
      { x: 12, z: 29, w: 14, d: 18, h: 16, wall: '#2d323d', sign: '药店', awning: '#2f7d57' },
      { x: 12, z: 49, w: 14, d: 24, h: 24, wall: '#232832' },
    ],
    trees: [
      [-9, 31, 5],
      [9, 33, 5],
      [-9, 44, 6],
      [9, 47, 6],
    ],
    lamps: [
      [-5, 12],
      [5, 17],
      [-5, 29],
      [5, 37],
      [-5, 50],
    ],
    parked: [],
    walkers: [
      ...walkers(4, (i) => ({ from: [-15, 15 + (i % 2)], to: [15, 15.6 + (i % 2)] })),
      ...walkers(3, (i) => ({ from: [15, 29 + (i % 2)], to: [-15, 29.8] })),
      ...walkers(3, (i) => ({ from: [-6.5 - (i % 2), 60], to: [-6 - (i % 2), -3] })),
    ],
    drivers: [
      ...drivers(
        3,
        (i) => (i % 2 ? { from: [-66, 24.6], to: [66, 24.6] } : { from: [66, 20.3], to: [-66, 20.3] }),
        ['car', 'bus', 'car'],
      ),
      ...drivers(
        2,
        (i) => (i % 2 ? { from: [1.9, -10], to: [1.9, 110] } : { from: [-1.9, 110], to: [-1.9, -10] }),
        ['car', 'van'],
      ),
    ],
  },
  {
    name: 'market-street',
    camera: { height: 4.8, pitch: 0.22, yaw: 0.05, focal: 1.1 },
    light: {
      ...day,
      sky: ['#9db4c6', '#e9e6dc'],
      road: '#b3ab9d',
      walk: '#b3ab9d',
      kerb: '#b3ab9d',
      paint: '#c9c1b2',
    },
    loopS: 16,
    roads: [[-7, 7, 2, 90]],
    walks: [],
    stripes: [],
    houses: [
      { x: -7, z: 5, w: -9, d: 9, h: 6, wall: '#b48a6a', sign: '水果', awning: '#3c7a3a' },
      { x: -7, z: 14.5, w: -9, d: 9, h: 7.5, wall: '#a7988a', sign: '面馆', awning: '#b23a3a' },
      { x: -7, z: 24, w: -9, d: 12, h: 9, wall: '#9b8d80', awning: '#c98a2d' },
      { x: -7, z: 37, w: -9, d: 26, h: 11, wall: '#a59b8f' },
      { x: 7, z: 6, w: 9, d: 10, h: 7, wall: '#c2a27f', sign: '茶', awning: '#2f5d8c' },
      { x: 7, z: 17, w: 9, d: 9, h: 6.4, wall: '#b0a090', sign: '书店', awning: '#7a4f8f' },
      { x: 7, z: 27, w: 9, d: 14, h: 10, wall: '#a1968b', awning: '#b5533a' },
      { x: 7, z: 42, w: 9, d: 26, h: 12, wall: '#b1a79b' },
    ],
    trees: [
      [-4.9, 30, 4.6],
      [4.9, 36, 4.8],
      [-4.9, 46, 5],
    ],
    lamps: [
      [4.6, 20],
      [-4.6, 22],
    ],
    parked: [],
    walkers: [
      ...walkers(11, (i) => ({ from: [-4 + (i % 6) * 1.5, 62], to: [-4.2 + (i % 6) * 1.6, -3] })),
      ...walkers(10, (i) => ({ from: [-3.4 + (i % 6) * 1.4, -3], to: [-3.6 + (i % 6) * 1.4, 60] })),
      ...walkers(3, (i) => ({ from: [-8, 10 + i * 6], to: [8, 11 + i * 5] })),
    ],
    drivers: [],
  },
  {
    name: 'car-park',
    camera: { height: 8.5, pitch: 0.42, yaw: -0.2, focal: 0.92 },
    light: dusk,
    loopS: 16,
    roads: [[-26, 26, 1, 60]],
    walks: [[-26, 26, 45, 60]],
    stripes: [],
    bays: [
      [12, 18],
      [29, 35],
    ],
    houses: [
      { x: -26, z: 47, w: 24, d: 18, h: 11, wall: '#7b6e6a', sign: '社区医院', awning: '#3b6a86' },
      { x: 2, z: 49, w: 30, d: 16, h: 8, wall: '#6d6468' },
    ],
    trees: [
      [-22, 43, 5],
      [-8, 43.5, 4.6],
      [5, 43.2, 5],
      [17, 43.4, 5.2],
    ],
    lamps: [
      [-9, 24],
      [9, 24],
      [0, 40],
    ],
    parked: Array.from({ length: 13 }, (_, i) => ({
      x: -16.5 + (i % 7) * 5.4 + (i > 6 ? 1.1 : 0),
      z: i > 6 ? 32 : 15,
      along: 'z' as const,
      paint: pick(paints, i * 2),
    })).filter((_, i) => ![2, 5, 9].includes(i)),
    walkers: [
      ...walkers(3, (i) => ({ from: [-20, 21 + i], to: [22, 23 + i * 2] })),
      ...walkers(3, (i) => ({ from: [14 - i * 9, 47], to: [6 - i * 7, 4] })),
    ],
    drivers: drivers(
      2,
      (i) => (i ? { from: [-34, 22], to: [34, 22] } : { from: [34, 25.8], to: [-34, 25.8] }),
      ['car', 'van'],
    ),
  },
];

interface Lens {
  readonly ctx: Ctx;
  readonly w: number;
  readonly h: number;
  see(p: P3): { x: number; y: number; z: number };
}

const nearM = 0.6;

function lensOf(ctx: Ctx, w: number, h: number, camera: Camera): Lens {
  const [sy, cy, sp, cp] = [
    Math.sin(camera.yaw),
    Math.cos(camera.yaw),
    Math.sin(camera.pitch),
    Math.cos(camera.pitch),
  ];
  const f = camera.focal * w * 0.62;
  return {
    ctx,
    w,
    h,
    see([px, py, pz]) {
      const x1 = px * cy - pz * sy;
      const z1 = px * sy + pz * cy;
      const y1 = py - camera.height;
      const z = z1 * cp - y1 * sp;
      const y = y1 * cp + z1 * sp;
      return { x: w / 2 + (f * x1) / z, y: h / 2 - (f * y) / z, z };
    },
  };
}

/** Fills a polygon of the world, cut at the near plane. */
function fillWorld(lens: Lens, points: readonly P3[], style: string): void {
  const seen = points.map((p) => ({ p, z: lens.see(p).z }));
  const kept: P3[] = [];
  seen.forEach((a, i) => {
    const b = seen[(i + 1) % seen.length] as (typeof seen)[number];
    if (a.z > nearM) kept.push(a.p);
    if (a.z > nearM !== b.z > nearM) {
      const k = (nearM - a.z) / (b.z - a.z) + 1e-4;
      kept.push([
        a.p[0] + (b.p[0] - a.p[0]) * k,
        a.p[1] + (b.p[1] - a.p[1]) * k,
        a.p[2] + (b.p[2] - a.p[2]) * k,
      ]);
    }
  });
  if (kept.length < 3) return;
  lens.ctx.fillStyle = style;
  lens.ctx.beginPath();
  kept.forEach((p, i) => {
    const s = lens.see(p);
    if (i === 0) lens.ctx.moveTo(s.x, s.y);
    else lens.ctx.lineTo(s.x, s.y);
  });
  lens.ctx.closePath();
  lens.ctx.fill();
}

const flat = (x0: number, x1: number, z0: number, z1: number, y = 0): P3[] => [
  [x0, y, z0],
  [x1, y, z0],
  [x1, y, z1],
  [x0, y, z1],
];

/** Lightens (k > 1) or darkens a `#rrggbb`. */
function shade(colour: string, k: number): string {
  const n = Number.parseInt(colour.slice(1), 16);
  const part = (shift: number) => Math.max(0, Math.min(255, Math.round(((n >> shift) & 255) * k)));
  return `rgb(${part(16)},${part(8)},${part(0)})`;
}

function box(
  lens: Lens,
  x0: number,
  x1: number,
  y0: number,
  y1: number,
  z0: number,
  z1: number,
  colour: string,
  taper = 0,
): void {
  const eyeX = 0;
  const [ax, bx, az, bz] = [x0 + taper, x1 - taper, z0 + taper, z1 - taper];
  const faces: { at: number; points: P3[]; k: number }[] = [
    {
      at: z1,
      points: [
        [x0, y0, z1],
        [x1, y0, z1],
        [bx, y1, bz],
        [ax, y1, bz],
      ],
      k: 0.7,
    },
    {
      at: (z0 + z1) / 2 + (eyeX < x0 ? 0 : 0.1),
      points: [
        [x0, y0, z0],
        [x0, y0, z1],
        [ax, y1, bz],
        [ax, y1, az],
      ],
      k: 0.78,
    },
    {
      at: (z0 + z1) / 2 + (eyeX > x1 ? 0 : 0.1),
      points: [
        [x1, y0, z0],
        [x1, y0, z1],
        [bx, y1, bz],
        [bx, y1, az],
      ],
      k: 0.86,
    },
    {
      at: z0,
      points: [
        [x0, y0, z0],
        [x1, y0, z0],
        [bx, y1, az],
        [ax, y1, az],
      ],
      k: 1,
    },
    {
      at: z0 - 0.1,
      points: [
        [ax, y1, az],
        [bx, y1, az],
        [bx, y1, bz],
        [ax, y1, bz],
      ],
      k: 1.12,
    },
  ];
  for (const face of faces.sort((a, b) => b.at - a.at)) fillWorld(lens, face.points, shade(colour, face.k));
}

function paintGround(lens: Lens, scene: Scene): void {
  const { light } = scene;
  const sky = lens.ctx.createLinearGradient(0, 0, 0, lens.h * 0.5);
  sky.addColorStop(0, light.sky[0]);
  sky.addColorStop(1, light.sky[1]);
  lens.ctx.fillStyle = sky;
  lens.ctx.fillRect(0, 0, lens.w, lens.h);
  for (let i = -14; i < 14; i++) {
    const x = i * 16;
    const h = 14 + noise(i + 40) * 26;
    fillWorld(
      lens,
      [
        [x, 0, 150],
        [x + 15, 0, 150],
        [x + 15, h, 150],
        [x, h, 150],
      ],
      light.skyline,
    );
  }
  fillWorld(lens, flat(-200, 200, 0.5, 150), shade(light.walk.startsWith('#') ? light.walk : '#888888', 0.9));
  for (const [x0, x1, z0, z1] of scene.walks) {
    fillWorld(lens, flat(x0, x1, z0, z1), light.walk);
    const edge = Math.abs(x0) < Math.abs(x1) ? x0 : x1;
    fillWorld(lens, flat(edge - 0.14, edge + 0.14, z0, z1, 0.02), light.kerb);
    for (let z = Math.ceil(z0); z < Math.min(z1, 40); z += 2)
      fillWorld(lens, flat(x0, x1, z, z + 0.05), shade(light.walk, 0.93));
  }
  for (const [x0, x1, z0, z1] of scene.roads) fillWorld(lens, flat(x0, x1, z0, z1), light.road);
  paintMarkings(lens, scene);
}

function paintMarkings(lens: Lens, scene: Scene): void {
  const { paint } = scene.light;
  for (const [x0, x1, z0, z1] of scene.roads) {
    if (scene.bays || scene.walks.length === 0) continue;
    if (x1 - x0 < z1 - z0)
      for (let z = z0 + 2; z < z1; z += 6) fillWorld(lens, flat(-0.08, 0.08, z, z + 2.6, 0.01), paint);
    else
      for (let x = x0; x < x1; x += 6)
        if (Math.abs(x) > 6)
          fillWorld(lens, flat(x, x + 2.6, (z0 + z1) / 2 - 0.08, (z0 + z1) / 2 + 0.08, 0.01), paint);
  }
  for (const [x0, x1, z0, z1] of scene.stripes)
    for (let x = x0; x < x1 - 0.3; x += 0.95) fillWorld(lens, flat(x, x + 0.5, z0, z1, 0.015), paint);
  for (const [z0, z1] of scene.bays ?? [])
    for (let x = -19.2; x <= 21; x += 2.7 * 2) fillWorld(lens, flat(x, x + 0.12, z0 - 0.4, z1, 0.015), paint);
  if (scene.walks.length === 0)
    for (let z = 3; z < 60; z += 1.5)
      fillWorld(lens, flat(-7, 7, z, z + 0.04, 0.01), shade(scene.light.road, 0.92));
}

type Thing = { readonly z: number; paint(): void };

function houseThing(lens: Lens, scene: Scene, house: Scene['houses'][number], index: number): Thing {
  const { x, z, w, d, h, wall } = house;
  const frontal = Math.abs(w) > 20;
  const [x0, x1] = w < 0 ? [x + w, x] : [x, x + w];
  const k = scene.light.night > 0.5 ? 0.8 : 1;
  return {
    z: z + (frontal ? 2 : d * 0.5) + 30,
    paint() {
      box(lens, x0, x1, 0, h, z, z + d, shade2(wall, k));
      paintWindows(lens, scene, house, index, frontal);
    },
  };
}

const shade2 = (colour: string, k: number): string => {
  const rgb = shade(colour, k).match(/\d+/g) as string[];
  return `#${rgb.map((v) => Number(v).toString(16).padStart(2, '0')).join('')}`;
};

function paintWindows(
  lens: Lens,
  scene: Scene,
  house: Scene['houses'][number],
  index: number,
  frontal: boolean,
): void {
  const { x, z, w, d, h } = house;
  const lit = scene.light.night;
  const glass = (i: number) =>
    noise(i * 7 + index * 31) < lit * 0.55
      ? noise(i) > 0.5
        ? '#f2cf87'
        : '#d9e2c4'
      : lit > 0.5
        ? '#12161f'
        : '#5f7584';
  const [u0, u1] = frontal ? [x + 1, x + w - 1] : [z + 0.8, z + d - 0.8];
  const at = (u: number, y: number): P3 => (frontal ? [u, y, z - 0.02] : [x + (w < 0 ? 0.02 : -0.02), y, u]);
  let i = 0;
  for (let y = house.awning ? 3.9 : 1.4; y + 1.4 < h; y += 2.9)
    for (let u = u0; u + 1.2 < u1; u += 2.3, i++)
      fillWorld(lens, [at(u, y), at(u + 1.2, y), at(u + 1.2, y + 1.5), at(u, y + 1.5)], glass(i));
  if (!house.awning) return;
  const shop = lit > 0.3 ? '#f5dca0' : '#3d4a50';
  fillWorld(lens, [at(u0, 0.3), at(u1, 0.3), at(u1, 2.6), at(u0, 2.6)], shop);
  for (let u = u0; u < u1; u += 1.9)
    fillWorld(lens, [at(u, 0), at(u + 0.16, 0), at(u + 0.16, 2.7), at(u, 2.7)], shade(house.wall, 0.6));
  const out = frontal ? 0 : w < 0 ? 1.1 : -1.1;
  const lip = (u: number): P3 => (frontal ? [u, 2.5, z - 1.2] : [x + out, 2.5, u]);
  fillWorld(lens, [at(u0, 3.2), at(u1, 3.2), lip(u1), lip(u0)], house.awning);
  for (let u = u0, n = 0; u < u1 - 0.4; u += 0.9, n++)
    if (n % 2) {
      const v = Math.min(u + 0.9, u1);
      fillWorld(lens, [at(u, 3.2), at(v, 3.2), lip(v), lip(u)], 'rgba(255,255,255,.28)');
    }
  if (house.sign)
    paintSign(lens, at(u0 + (u1 - u0) * 0.18, 3.35), at(u0 + (u1 - u0) * 0.82, 3.35), house.sign, lit);
}

/** Letters on a wall: sheared so that they stand on the line between two points of the world. */
function paintSign(lens: Lens, from: P3, to: P3, sign: string, lit: number): void {
  const [a, b] = [lens.see(from), lens.see(to)];
  const top = lens.see([from[0], from[1] + 1, from[2]]);
  if (a.z < 2 || b.z < 2) return;
  const [left, right] = a.x < b.x ? [a, b] : [b, a];
  const high = Math.abs(top.y - a.y) * 0.8;
  const { ctx } = lens;
  ctx.save();
  ctx.transform((right.x - left.x) / 100, (right.y - left.y) / 100, 0, 1, left.x, left.y);
  ctx.fillStyle = lit > 0.5 ? '#1b2a3f' : '#28323c';
  ctx.fillRect(0, -high, 100, high);
  ctx.fillStyle = lit > 0.3 ? '#ffe7a8' : '#f3efe4';
  ctx.font = `600 ${high * 0.74}px "Noto Sans CJK SC", sans-serif`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText(sign, 50, -high * 0.5, 92);
  ctx.restore();
}

function treeThing(
  lens: Lens,
  light: Light,
  [x, z, h]: readonly [number, number, number],
  index: number,
): Thing {
  return {
    z,
    paint() {
      const foot = lens.see([x, 0, z]);
      if (foot.z < 1) return;
      const m = Math.abs(lens.see([x, 1, z]).y - foot.y);
      const { ctx } = lens;
      ctx.fillStyle = light.shadow;
      ctx.beginPath();
      ctx.ellipse(foot.x, foot.y, m * 1.7, m * 0.45, 0, 0, 7);
      ctx.fill();
      ctx.fillStyle = light.night > 0.5 ? '#1a1712' : '#5b4632';
      ctx.fillRect(foot.x - m * 0.14, foot.y - m * h * 0.5, m * 0.28, m * h * 0.5);
      for (let i = 0; i < 9; i++) {
        const [dx, dy, r] = [
          (noise(index * 9 + i) - 0.5) * 2.4,
          h * (0.5 + noise(index * 5 + i + 1) * 0.42),
          0.75 + noise(i + index) * 0.6,
        ];
        ctx.fillStyle = i % 3 === 0 ? light.leaf[1] : light.leaf[0];
        ctx.beginPath();
        ctx.arc(foot.x + dx * m, foot.y - dy * m, r * m, 0, 7);
        ctx.fill();
      }
    },
  };
}

function lampThing(lens: Lens, light: Light, [x, z]: readonly [number, number]): Thing {
  return {
    z,
    paint() {
      const foot = lens.see([x, 0, z]);
      if (foot.z < 1.5) return;
      const head = lens.see([x, 6, z]);
      const m = Math.abs(lens.see([x, 1, z]).y - foot.y);
      const { ctx } = lens;
      ctx.fillStyle = light.night > 0.5 ? '#3b4048' : '#6b7076';
      ctx.fillRect(foot.x - m * 0.06, head.y, m * 0.12, foot.y - head.y);
      ctx.fillRect(head.x - (x > 0 ? m * 1.2 : 0), head.y, m * 1.2, m * 0.12);
      if (light.night < 0.3) return;
      const tip = head.x + (x > 0 ? -m * 1.1 : m * 1.1);
      ctx.save();
      ctx.globalCompositeOperation = 'lighter';
      const glow = ctx.createRadialGradient(tip, head.y, 0, tip, head.y, m * 2.4);
      glow.addColorStop(0, `rgba(255,214,150,${0.75 * light.night})`);
      glow.addColorStop(0.15, `rgba(255,190,110,${0.28 * light.night})`);
      glow.addColorStop(1, 'rgba(255,170,90,0)');
      ctx.fillStyle = glow;
      ctx.fillRect(tip - m * 3, head.y - m * 3, m * 6, m * 6);
      const pool = ctx.createRadialGradient(0, 0, 0, 0, 0, 1);
      pool.addColorStop(0, `rgba(255,196,120,${0.3 * light.night})`);
      pool.addColorStop(1, 'rgba(255,190,110,0)');
      ctx.translate(tip, foot.y);
      ctx.scale(m * 5, m * 1.6);
      ctx.fillStyle = pool;
      ctx.fillRect(-1, -1, 2, 2);
      ctx.restore();
    },
  };
}

function vehicleThing(
  lens: Lens,
  light: Light,
  x: number,
  z: number,
  heading: 'x' | 'z',
  forward: number,
  paint: string,
  kind: Driver['kind'],
  moving: boolean,
): Thing {
  const [len, wide, body, cabin] =
    kind === 'bus' ? [10.5, 2.5, 1.1, 2.9] : kind === 'van' ? [5.4, 2, 1, 2.1] : [4.3, 1.8, 0.78, 1.42];
  const [dx, dz] = heading === 'x' ? [len / 2, wide / 2] : [wide / 2, len / 2];
  const k = light.night > 0.5 ? 0.55 : 1;
  return {
    z: z - dz,
    paint() {
      fillWorld(lens, flat(x - dx - 0.25, x + dx + 0.25, z - dz - 0.2, z + dz + 0.35, 0.02), light.shadow);
      for (const [wx, wz] of heading === 'x'
        ? [
            [-0.32, -0.5],
            [0.32, -0.5],
          ]
        : [
            [-0.5, -0.3],
            [0.5, -0.3],
            [-0.5, 0.3],
            [0.5, 0.3],
          ])
        box(
          lens,
          x + wx! * 2 * dx - 0.28,
          x + wx! * 2 * dx + 0.28,
          0,
          0.6,
          z + wz! * 2 * dz - 0.1,
          z + wz! * 2 * dz + 0.3,
          '#15171a',
        );
      box(lens, x - dx, x + dx, 0.28, body, z - dz, z + dz, shade2(paint, k));
      const cut = kind === 'car' ? 0.2 : 0.06;
      const [cx, cz] = [dx * (1 - (heading === 'x' ? cut : 0.06)), dz * (1 - (heading === 'z' ? cut : 0.06))];
      box(
        lens,
        x - cx,
        x + cx,
        body,
        cabin * 0.86,
        z - cz,
        z + cz,
        light.night > 0.5 ? '#0f141b' : '#2e3a44',
        0.14,
      );
      box(
        lens,
        x - cx * 0.92,
        x + cx * 0.92,
        cabin * 0.86,
        cabin,
        z - cz * 0.92,
        z + cz * 0.92,
        shade2(paint, k * 1.05),
        0.1,
      );
      if (light.night > 0.2) paintLights(lens, light, x, z, dx, dz, heading, forward, moving);
    },
  };
}

function paintLights(
  lens: Lens,
  light: Light,
  x: number,
  z: number,
  dx: number,
  dz: number,
  heading: 'x' | 'z',
  forward: number,
  moving: boolean,
): void {
  if (!moving) return;
  const { ctx } = lens;
  const ends: { at: P3; colour: string; size: number }[] = [];
  for (const side of [-0.7, 0.7]) {
    const front: P3 =
      heading === 'x' ? [x + forward * dx, 0.62, z + side * dz] : [x + side * dx, 0.62, z + forward * dz];
    const back: P3 =
      heading === 'x' ? [x - forward * dx, 0.68, z + side * dz] : [x + side * dx, 0.68, z - forward * dz];
    if (heading === 'x' || forward < 0) ends.push({ at: front, colour: '255,244,214', size: 1 });
    if (heading === 'x' || forward > 0) ends.push({ at: back, colour: '255,60,40', size: 0.55 });
  }
  ctx.save();
  ctx.globalCompositeOperation = 'lighter';
  for (const { at, colour, size } of ends) {
    const s = lens.see(at);
    if (s.z < 1) continue;
    const r = (lens.w * 0.62 * size * 0.8) / s.z;
    const glow = ctx.createRadialGradient(s.x, s.y, 0, s.x, s.y, r);
    glow.addColorStop(0, `rgba(${colour},${0.95 * light.night})`);
    glow.addColorStop(0.2, `rgba(${colour},${0.3 * light.night})`);
    glow.addColorStop(1, `rgba(${colour},0)`);
    ctx.fillStyle = glow;
    ctx.fillRect(s.x - r, s.y - r, r * 2, r * 2);
  }
  ctx.restore();
}

function walkerThing(lens: Lens, light: Light, who: Walker, t: number, loopS: number, index: number): Thing {
  const u = (t / loopS + who.phase) % 1;
  const [x, z] = [who.from[0] + (who.to[0] - who.from[0]) * u, who.from[1] + (who.to[1] - who.from[1]) * u];
  const steps = Math.max(6, Math.round(Math.hypot(who.to[0] - who.from[0], who.to[1] - who.from[1]) / 1.3));
  const swing = Math.sin(u * steps * Math.PI * 2 + index);
  return {
    z,
    paint() {
      const foot = lens.see([x, 0, z]);
      if (foot.z < 1.2) return;
      const m = Math.abs(lens.see([x, 1, z]).y - foot.y);
      if (m < 2) return;
      paintFigure(
        lens.ctx,
        light,
        who,
        foot.x,
        foot.y,
        m * who.tall,
        swing,
        Math.sign(who.to[0] - who.from[0]) || 1,
      );
    },
  };
}

function paintFigure(
  ctx: Ctx,
  light: Light,
  who: Walker,
  x: number,
  y: number,
  h: number,
  swing: number,
  facing: number,
): void {
  const k = light.night > 0.5 ? 0.5 : light.night > 0 ? 0.85 : 1;
  const limb = (x0: number, y0: number, x1: number, y1: number, wide: number, colour: string) => {
    ctx.strokeStyle = shade(colour, k);
    ctx.lineWidth = Math.max(1, h * wide);
    ctx.lineCap = 'round';
    ctx.beginPath();
    ctx.moveTo(x + x0 * h, y - y0 * h);
    ctx.lineTo(x + x1 * h, y - y1 * h);
    ctx.stroke();
  };
  ctx.fillStyle = light.shadow;
  ctx.beginPath();
  ctx.ellipse(x + h * 0.1, y, h * 0.26, h * 0.07, 0, 0, 7);
  ctx.fill();
  limb(-0.03, 0.48, -0.05 - swing * 0.13 * facing, 0.03, 0.085, who.legs);
  limb(0.03, 0.48, 0.05 + swing * 0.13 * facing, 0.03, 0.085, who.legs);
  limb(-0.1, 0.76, -0.13 + swing * 0.1, 0.5, 0.06, shade2(who.coat, 0.85));
  ctx.fillStyle = shade(who.coat, k);
  ctx.beginPath();
  ctx.roundRect(x - h * 0.115, y - h * 0.83, h * 0.23, h * 0.4, h * 0.06);
  ctx.fill();
  if (who.bag) {
    ctx.fillStyle = shade(who.bag, k * 0.9);
    ctx.beginPath();
    ctx.roundRect(x - facing * h * 0.17 - h * 0.06, y - h * 0.8, h * 0.13, h * 0.26, h * 0.04);
    ctx.fill();
  }
  limb(0.1, 0.76, 0.13 - swing * 0.1, 0.5, 0.06, shade2(who.coat, 1.1));
  ctx.fillStyle = shade('#d7ab86', k);
  ctx.beginPath();
  ctx.arc(x, y - h * 0.915, h * 0.075, 0, 7);
  ctx.fill();
  ctx.fillStyle = shade('#2a211c', k);
  ctx.beginPath();
  ctx.arc(x, y - h * 0.935, h * 0.078, Math.PI, 0);
  ctx.fill();
}

function vehiclesAt(lens: Lens, scene: Scene, t: number): Thing[] {
  const moving = scene.drivers.map((driver) => {
    const u = (t / scene.loopS + driver.phase) % 1;
    const [dx, dz] = [driver.to[0] - driver.from[0], driver.to[1] - driver.from[1]];
    const heading = Math.abs(dx) > Math.abs(dz) ? 'x' : 'z';
    const forward = Math.sign(heading === 'x' ? dx : dz);
    return vehicleThing(
      lens,
      scene.light,
      driver.from[0] + dx * u,
      driver.from[1] + dz * u,
      heading,
      forward,
      driver.paint,
      driver.kind,
      true,
    );
  });
  const parked = scene.parked.map((car) =>
    vehicleThing(lens, scene.light, car.x, car.z, car.along, 1, car.paint, 'car', false),
  );
  return [...moving, ...parked];
}

/** `view`: 'usual', 'turned' (someone re-aimed the camera) or 'covered' (something hangs before the lens). */
export function drawPicture(
  ctx: Ctx,
  w: number,
  h: number,
  scene: Scene,
  t: number,
  view: 'usual' | 'turned' | 'covered',
): void {
  const camera =
    view === 'turned'
      ? { ...scene.camera, yaw: scene.camera.yaw - 0.62, pitch: scene.camera.pitch - 0.14 }
      : scene.camera;
  const lens = lensOf(ctx, w, h, camera);
  paintGround(lens, scene);
  const things: Thing[] = [
    ...scene.houses.map((house, i) => houseThing(lens, scene, house, i)),
    ...scene.trees.map((tree, i) => treeThing(lens, scene.light, tree, i)),
    ...scene.lamps.map((lamp) => lampThing(lens, scene.light, lamp)),
    ...vehiclesAt(lens, scene, t),
    ...scene.walkers.map((who, i) => walkerThing(lens, scene.light, who, t, scene.loopS, i)),
  ];
  for (const thing of things.sort((a, b) => b.z - a.z)) thing.paint();
  ctx.fillStyle = scene.light.tint;
  ctx.fillRect(0, 0, w, h);
  if (view === 'covered') paintCover(ctx, w, h, t);
}

function paintCover(ctx: Ctx, w: number, h: number, t: number): void {
  const sway = Math.sin(t * 0.8) * w * 0.006;
  const cloth = ctx.createLinearGradient(sway, 0, w + sway, h);
  cloth.addColorStop(0, '#2b2622');
  cloth.addColorStop(0.5, '#3a332d');
  cloth.addColorStop(1, '#1d1916');
  ctx.fillStyle = cloth;
  ctx.fillRect(0, 0, w, h);
}
