/** Kinds of rooms and spots a camera can be in, in words a clerk knows. Which of them are forbidden says the law. */
import type { Both } from './clause.ts';

const both = (en: string, zh: string): Both => ({ en, zh });

export const rooms = {
  entrance: both('Entrance, gate', '出入口、大门'),
  'front-desk': both('Front desk, reception', '前台、接待处'),
  corridor: both('Corridor, passage', '走廊、通道'),
  stairs: both('Stairs', '楼梯间'),
  lift: both('Lift', '电梯轿厢'),
  hall: both('Hall, lobby, waiting area', '大厅、候车（诊）区'),
  shop: both('Sales or business area', '营业区、经营区'),
  canteen: both('Canteen, open dining room', '食堂、大堂餐厅'),
  kitchen: both('Kitchen', '厨房'),
  playground: both('Playground, sports ground', '操场、运动场'),
  'car-park': both('Car park', '停车场'),
  street: both('Street, square, outdoors', '道路、广场、室外'),
  perimeter: both('Perimeter, wall, fence', '周界、围墙'),
  vehicle: both('Inside of a train, coach or ship', '列车、客车、客船内部'),
  store: both('Store room, vault', '库房、金库'),
  workshop: both('Workshop, machine room', '车间、机房'),
  'control-room': both('Control room', '监控室、值班室'),
  classroom: both('Classroom', '教室'),
  'office-interior': both('Inside of an office', '办公室内部'),
  ward: both('Ward of a hospital or nursing home', '病房、养老机构房间'),
  'guest-room': both('Guest room', '客房'),
  'private-dining-room': both('Private room of a restaurant or venue', '包间'),
  'student-dormitory-room': both('Student dormitory room', '学生宿舍房间'),
  'staff-dormitory-room': both('Staff dormitory room', '员工宿舍房间'),
  'staff-rest-room': both('Rest room of the staff', '员工休息室'),
  bath: both('Bath, shower room', '浴室'),
  toilet: both('Toilet', '卫生间'),
  'changing-room': both('Changing room', '更衣室'),
  'lactation-room': both('Lactation room', '哺乳室'),
  'fitting-room': both('Fitting room', '试衣间'),
  'residential-hallway-or-window': both('Hallway or window of a home', '居民住宅楼道、窗户'),
  'other-private': both('Another room where people are private', '其他涉及隐私的区域'),
  'other-open': both('Another place that is open to many', '其他公共区域'),
} satisfies Record<string, Both>;

export type Room = keyof typeof rooms;
export const isRoom = (id: string): id is Room => Object.hasOwn(rooms, id);

/** What is drawn beside a site's area. */
export const drawnKinds = {
  window: both('window', '窗户'),
  door: both('door', '门'),
  'private-area': both('private area', '隐私区域'),
} as const;

/** Of `window w1`: the kind, and its id. */
export function drawnName(value: string): Both {
  const [kind = '', ...id] = value.split(' ');
  const name = Object.hasOwn(drawnKinds, kind)
    ? drawnKinds[kind as keyof typeof drawnKinds]
    : both(kind, kind);
  const rest = id.join(' ');
  return both(`${name.en} ${rest}`.trim(), `${name.zh} ${rest}`.trim());
}
