/**
 * Kinds of places, in words that a clerk knows, each with what it suggests: the class under Order 799 and the profiles
 * that come with it. A suggestion only: the class of a site is a decision of the unit, which is recorded.
 */
import type { Both, PlaceClass } from './clause.ts';

export interface PlaceType {
  readonly id: string;
  readonly name: Both;
  readonly placeClass: PlaceClass;
  /** Sector profiles that bind this kind of place. */
  readonly profiles: readonly string[];
}

const place = (
  id: string,
  en: string,
  zh: string,
  placeClass: PlaceClass,
  profiles: readonly string[] = [],
): PlaceType => ({ id, name: { en, zh }, placeClass, profiles });

const operator: PlaceClass = 'art7.2-operator';
const government: PlaceClass = 'art7.1-government';

/** Order 799, art. 7 names those of the first two classes; other public places are of art. 9, the rest of art. 33. */
export const placeTypes: readonly PlaceType[] = [
  place('school', 'School or college', '学校', operator, ['school']),
  place('nursery', 'Nursery', '托育机构', operator, ['nursery']),
  place('hospital', 'Hospital or clinic', '医院、诊所', operator),
  place('hotel', 'Hotel or guest house', '旅馆、酒店', operator, ['hotel']),
  place('song-and-dance', 'Song-and-dance venue', '歌舞娱乐场所', operator, ['song-and-dance']),
  place('massage', 'Bath or massage business', '洗浴、按摩场所', operator),
  place('pawnshop', 'Pawnshop', '典当行', operator),
  place('shopping', 'Shopping or exhibition centre', '商业中心、会展中心', operator),
  place('culture-sport', 'Museum, theatre or sports ground', '文化、体育场馆', operator),
  place('park', 'Park, sight or public car park', '公园、景区、公共停车场', operator),
  place('transport', 'Station, port, airport or metro', '车站、港口、机场、地铁', operator),
  place('service-hall', 'Government service hall', '政务服务大厅', operator),
  place('vehicle', 'Train, coach, metro car or passenger ship', '列车、客车、地铁车厢、客船', operator),
  place('service-area', 'Service area of a motorway', '高速公路、干线公路服务区', operator),
  place('road', 'Road, junction or square', '道路、路口、广场', government),
  place('bridge', 'Bridge, tunnel or underpass', '桥梁、隧道、地下通道', government),
  place('boundary', 'Road at an administrative boundary', '行政区划道路边界', government),
  place('key-unit-surroundings', 'Around a key unit', '重点单位周边', government),
  place('broadcaster', 'Broadcaster or news office', '广播电台、电视台、新闻单位', operator),
  place('finance', 'Bank, post or telecom office', '金融、邮政、电信营业场所', operator),
  place('energy', 'Power, water, gas or heat works', '供电、供水、供气、供热单位', operator),
  place('reserve', 'Store of material reserves', '重要物资储备单位', operator),
  place('archive', 'Archive, relics or research institute', '档案、文物、科研单位', operator),
  place('dangerous-goods', 'Dangerous goods, bacteria or poisons', '危险物品、菌种毒种单位', operator),
  place('designated', 'Designated by the government', '政府指定的其他场所', operator),
  place('guarded', 'Place kept by a guard company', '保安服务企业守护的场所', operator, ['guard-service']),
  place(
    'other-public',
    'Other public place (shop, restaurant)',
    '其他公共场所（商铺、餐馆等）',
    'art9-other-public',
  ),
  place(
    'non-public',
    'Not open to the public (office, works)',
    '非公共场所（办公区、厂区等）',
    'art33-non-public',
  ),
];

export const placeTypeOf = (id: string): PlaceType | undefined => placeTypes.find((each) => each.id === id);

export const placeClasses: Readonly<Record<PlaceClass, Both>> = {
  'art7.1-government': {
    en: 'Public place of the government (Order 799, art. 7(1))',
    zh: '政府建设的公共场所（条例第七条第一款）',
  },
  'art7.2-operator': {
    en: 'Public place that must have cameras (Order 799, art. 7(2))',
    zh: '应当安装图像采集设备的公共场所（条例第七条第二款）',
  },
  'art9-other-public': {
    en: 'Other public place (Order 799, art. 9: no statutory period)',
    zh: '其他公共场所（条例第九条，无法定保存期限）',
  },
  'art33-non-public': {
    en: 'Place not open to the public (Order 799, art. 33)',
    zh: '非公共场所（条例第三十三条）',
  },
  'state-security': { en: 'State security', zh: '国家安全机关管理' },
};
