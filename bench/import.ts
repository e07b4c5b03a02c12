/**
 * import.s: 10,000 cameras of 500 sites from one XLSX file, read, checked by row and column and taken over, by the API of
 * a whole server; and the same file again, which changes nothing. BENCH_CAMERAS makes it smaller.
 */

import { type Caller, setUp, startCustos, until } from '../test/support/custos.ts';
import { sheetFile } from '../test/support/sheets.ts';
import { say, tell } from './support/report.ts';

const cameras = Number(process.env.BENCH_CAMERAS ?? 10_000);
const sites = Math.max(1, Math.round(cameras / 20));
const mustS = 30;

await using custos = await startCustos();
const { caller } = await setUp(custos);
for (let i = 0; i < sites; i++) {
  const { id } = await caller.must('POST', '/api/sites', { name: `场所 ${i}`, timeZone: 'Asia/Shanghai' });
  await caller.must('PUT', `/api/sites/${id}/keeping`, {
    ...{ profiles: ['cn-liaoning', 'school'], placeClass: 'art7.2-operator', placeType: 'school' },
    ...{ keyTarget: false, period: null, justification: '', givesWay: true },
  });
}
say(`${sites} sites are there`);

const head = ['编号', '名称', '场所', '视频地址（RTSP）', '用户名', '密码', '所在区域', '纬度', '经度'];
const more = [
  '朝向（度）',
  '视场角（度）',
  '监控距离（米）',
  '必要性说明',
  '隐私风险评估',
  '经批准的画面范围',
];
const rows = Array.from({ length: cameras }, (_, i) => [
  ...[`C-${i}`, `${i} 号机`, `场所 ${i % sites}`, `rtsp://10.0.${(i >> 8) & 255}.${i & 255}/main`],
  ...[
    'admin',
    `secret-${i}`,
    i % 3 ? '走廊' : '出入口',
    41.5 + (i % 500) / 1_000,
    123 + Math.floor(i / 500) / 100,
  ],
  ...[i % 360, 90, 25, '防止校园欺凌和盗窃', '无', '走廊全长'],
]);
const content = sheetFile({ rows: [[...head, ...more], ...rows.map((row) => row.map(String))] }).toString(
  'base64',
);

async function phase(of: Caller, id: string, states: readonly string[]) {
  const job = await until(
    `the import is ${states}`,
    async () => {
      const found = await of.must('GET', `/api/imports/${id}`);
      return states.includes(found.state) ? found : undefined;
    },
    300_000,
  );
  if (job.state === 'failed' || job.rows.wrong > 0) throw new Error(JSON.stringify(job).slice(0, 2_000));
  return job;
}

async function measured(again: boolean): Promise<void> {
  const beganMs = performance.now();
  const body = { file: 'cameras.xlsx', content, begin: 'planned' };
  const { id } = await caller.must('POST', '/api/imports', body);
  const checked = await phase(caller, id, ['checked', 'failed']);
  const checkedS = (performance.now() - beganMs) / 1_000;
  if (!again) {
    await caller.must('POST', `/api/imports/${id}/take`, {});
    await phase(caller, id, ['done', 'failed']);
  }
  const ours = (performance.now() - beganMs) / 1_000;
  const { added, same } = checked.rows;
  tell({
    ...{
      metric: 'import.s',
      unit: 's',
      at: { cameras, sites, added, same, checkedS: Number(checkedS.toFixed(2)) },
    },
    ...{ ours, must: `<= ${mustS}`, reached: ours <= mustS },
  });
}

await measured(false);
await measured(true);
