/** The demo: four street cameras that exist only on loopback, as a unit's maintainer would have to add them. */
import type { Clock, Log } from '../src/base/index.ts';
import { always, Channel, type Mood, nowAndThen } from './channel.ts';
import { readClips } from './clips.ts';
import { newPassword, RtspServer } from './server.ts';

export interface DemoCamera {
  readonly name: string;
  readonly site: string;
  /** What kind of place the site is, by its id in the law's list. */
  readonly placeType: 'school' | 'road' | 'hospital';
  readonly mainUrl: string;
  readonly subUrl: string;
  readonly user: string;
  readonly password: string;
}

export interface Demo extends AsyncDisposable {
  readonly cameras: readonly DemoCamera[];
  readonly port: number;
}

/** The crossing's camera is turned away for a minute in ten, the car park's is covered for 40 s in seven minutes. */
const streets: readonly {
  scene: string;
  name: string;
  site: string;
  placeType: DemoCamera['placeType'];
  mood: Mood;
}[] = [
  {
    scene: 'school-gate',
    name: '校门口 School gate',
    site: '第一实验小学 First Primary School',
    placeType: 'school',
    mood: always,
  },
  {
    scene: 'crossing',
    name: '中山路口 Zhongshan crossing',
    site: '中山路街道 Zhongshan Road',
    placeType: 'road',
    mood: nowAndThen('turned', 600, 240, 60),
  },
  {
    scene: 'market-street',
    name: '商业街 Market street',
    site: '中山路街道 Zhongshan Road',
    placeType: 'road',
    mood: always,
  },
  {
    scene: 'car-park',
    name: '停车场 Car park',
    site: '社区医院 Community Hospital',
    placeType: 'hospital',
    mood: nowAndThen('covered', 420, 150, 40),
  },
];

const user = 'custos';

/** Starts the cameras. `port` 0 takes any free one; `password` is invented when none is given. */
export async function startDemo(options: {
  port: number;
  password?: string;
  clock: Clock;
  log: Log;
}): Promise<Demo> {
  const { fps, clips } = await readClips();
  const channels = new Map<string, Channel>();
  for (const { scene, mood } of streets)
    for (const stream of ['main', 'sub'] as const) {
      const own = clips.filter((clip) => clip.scene === scene && clip.stream === stream);
      channels.set(`${scene}/${stream}`, new Channel(own, { fps, clock: options.clock, mood }));
    }
  const password = options.password ?? newPassword();
  const server = await RtspServer.listen({ port: options.port, user, password, channels, log: options.log });
  const at = (scene: string, stream: string) => `rtsp://127.0.0.1:${server.port}/${scene}/${stream}`;
  return {
    port: server.port,
    cameras: streets.map(({ scene, name, site, placeType }) => ({
      name,
      site,
      placeType,
      mainUrl: at(scene, 'main'),
      subUrl: at(scene, 'sub'),
      user,
      password,
    })),
    async [Symbol.asyncDispose]() {
      for (const channel of channels.values()) channel[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
