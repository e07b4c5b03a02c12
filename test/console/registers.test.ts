/**
 * The registers as a compliance officer meets them, in a real browser: wizard, a school in Liaoning, forty cameras from
 * a spreadsheet of which one is in a changing room and one faces a window, and the places that must have a system.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { type Custos, startCustos } from '../support/custos.ts';
import { sheetFile } from '../support/sheets.ts';
import { openBrowser, openContext } from './support/tour.ts';
import { walkWizard } from './support/wizard.ts';

const look = { language: 'zh', theme: 'light', width: 1440, height: 900 } as const;
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where pictures of what is tested are put, for people. */
const pictures = process.env.SCREENSHOTS;

const head = [
  '编号',
  '名称',
  '视频地址（RTSP）',
  '所在区域',
  '纬度',
  '经度',
  '朝向',
  '视场角',
  '监控距离',
  '必要性说明',
];
const line = (no: number, room: string): string[] => [
  ...[`C${no}`, `${no}号机`, `rtsp://127.0.0.1:9/${no}`, room, (41.8 + no / 5_000).toFixed(5), '123.43'],
  ...['90', '80', '15', '防止校园欺凌'],
];
const file = (seventeenth: string) => ({
  name: '摄像机.xlsx',
  mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  buffer: sheetFile({
    rows: [head, ...Array.from({ length: 40 }, (_, i) => line(i + 1, i === 16 ? seventeenth : '走廊'))],
  }),
});

/** Minutes of a browser: made before a release, and whenever its pages change. */
const notLong = process.env.CUSTOS_LONG ? false : 'a long journey: CUSTOS_LONG=1';

describe('the registers', { timeout: 240_000, skip: notLong }, () => {
  let browser: Browser;
  let custos: Custos;
  let context: BrowserContext;
  let page: Page;
  const faults: string[] = [];

  before(async () => {
    browser = await openBrowser();
    custos = await startCustos();
    context = await openContext(browser, custos.origin, look);
    page = await context.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
  });
  after(async () => {
    await browser?.close();
    await custos?.[Symbol.asyncDispose]();
  });

  /** Clean for axe, no wider than a telephone, in both languages and themes where pictures are asked for. */
  async function looksRight(name: string): Promise<void> {
    await page.evaluate(axeSource);
    const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
      violations: { id: string; nodes: { html: string }[] }[];
    };
    assert.deepEqual(
      found.violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ')}`,
      ),
      [],
      name,
    );
    await page.setViewportSize({ width: 390, height: 844 });
    assert.ok(
      Number(await page.evaluate('document.documentElement.scrollWidth')) <= 390,
      `${name} on a telephone`,
    );
    if (pictures) await page.screenshot({ path: `${pictures}/${name}-390.png`, fullPage: true });
    await page.setViewportSize({ width: 1440, height: 900 });
    if (pictures) await page.screenshot({ path: `${pictures}/${name}-1440.png`, fullPage: true });
  }

  test('wizard, a school in Liaoning, a window drawn, forty cameras of which one may not be and one needs a mask', async () => {
    await walkWizard(page, {
      name: 'first',
      onStep: async (step) => {
        if (step !== 'unit') return;
        await choose(page.locator('body'), '场所种类', '学校');
        await choose(page.locator('body'), '适用法律', /辽宁/);
      },
    });
    await page.goto('/cameras?show=sites');
    await page.getByRole('link', { name: '主校区' }).click();
    await page.getByText('法律明确列举：学校', { exact: false }).first().waitFor();
    await page.getByText('《辽宁省公共安全视频图像信息系统管理办法》').first().waitFor();

    await page.getByRole('button', { name: '添加窗户' }).click();
    const draw = page.getByRole('dialog');
    await draw.getByLabel('编号', { exact: true }).fill('w1');
    await draw.getByLabel('各点坐标').fill('41.80105, 123.43012\n41.80095, 123.43012');
    await draw.getByRole('button', { name: /保\s*存/ }).click();
    await draw.waitFor({ state: 'detached' });
    await page.getByText('窗户 w1').first().waitFor();

    await page.goto('/import/cameras');
    await page.getByLabel('文件', { exact: true }).setInputFiles(file('更衣室'));
    await looksRight('import-choose');
    await page.getByRole('button', { name: '读取并检查' }).click();
    const wrong = page.getByRole('region', { name: '须更正的内容' });
    await wrong
      .getByText(/更衣室内部禁止安装图像采集设备（《公共安全视频图像信息系统管理条例》 第 8\(1\)\(3\) 条）/)
      .waitFor();
    await wrong.getByRole('cell', { name: 'D · 所在区域' }).waitFor();
    await page
      .getByRole('region', { name: '提示' })
      .getByText(/画面涉及 窗户 w1：正式运行前须设置遮挡/)
      .waitFor();
    await looksRight('import-wrong');
    const takeOver = page.getByRole('button', { name: /导入 39 台摄像机/ });
    assert.equal(await takeOver.getAttribute('aria-disabled'), 'true', 'nothing is half imported');

    await page.getByRole('button', { name: '更换文件' }).click();
    await page.getByLabel('文件', { exact: true }).setInputFiles(file('出入口'));
    await page.getByRole('button', { name: '读取并检查' }).click();
    await page.getByRole('button', { name: /导入 40 台摄像机/ }).click();
    await page.getByText('导入完成：新增 40 台，更新 0 台。').waitFor();
    await page.getByRole('button', { name: '查看摄像机' }).click();
    await page.getByText('共 40 台摄像机').waitFor();
  });

  test('the plan names the camera that sees the window; its form says so, and the life step is refused for it', async () => {
    await page.goto('/cameras?show=sites');
    await page.getByRole('link', { name: '主校区' }).click();
    await page.getByText(/5号机 的画面涉及窗户 w1：须设置遮挡/).waitFor();
    await looksRight('site');
    await page.goto('/cameras?q=5号机');
    await page.getByRole('button', { name: '5号机 的更多操作', exact: true }).click();
    await page.getByRole('menuitem', { name: /编/ }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText('隐私区域遮挡', { exact: true }).waitFor();
    await drawer.getByRole('button', { name: /位置、主体与必要性/ }).click();
    await drawer.getByText(/画面将涉及窗户 w1：正式运行前须设置遮挡/).waitFor();
    await drawer.getByLabel('纬度', { exact: true }).fill('123.43');
    await looksRight('camera-form');
  });

  test('the list of places that must have a system shows the school and what is missing elsewhere', async () => {
    await page.goto('/cameras?show=places');
    const school = page.getByRole('row').filter({ hasText: '主校区' });
    await school.getByText('未见缺口').waitFor();
    await page.getByRole('button', { name: '添加场所' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('场所', { exact: true }).fill('火车站');
    // The list is long: what is looked for is typed.
    await dialog.getByLabel('种类', { exact: true }).fill('车站');
    await page.locator('.ant-select-item-option').filter({ hasText: '车站' }).first().click();
    await dialog.getByLabel('重点部位').fill('售票厅, 41.81, 123.44');
    await dialog.getByRole('button', { name: /保\s*存/ }).click();
    await page.getByRole('row').filter({ hasText: '火车站' }).getByText('尚未登记').waitFor();
    await page.getByRole('button', { name: '示意图 火车站' }).click();
    await page.getByRole('img', { name: '火车站 示意图' }).waitFor();
    await looksRight('places');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: '导出 XLSX' }).click();
    assert.equal((await download).suggestedFilename(), 'gaps.xlsx');
    assert.deepEqual(faults, []);
  });
});

async function choose(within: Locator, label: string, option: string | RegExp): Promise<void> {
  await within.getByLabel(label, { exact: true }).click();
  await within.page().locator('.ant-select-item-option').filter({ hasText: option }).first().click();
}
