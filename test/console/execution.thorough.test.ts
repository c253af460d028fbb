import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { type LocalService, startLocalService } from 'stepwright/local';
import { findChromium, startChromium } from './chromium.js';
import { call } from './scene.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(180_000);

const executablePath = findChromium();
const withChromium = executablePath === undefined ? describe.skip : describe;

const PACK = 'arn:aws:states:us-east-1:123456789012:activity:Pack';

/** A Map whose iterations are tasks for workers, with a state after it. */
const PARCELS = JSON.stringify({
  StartAt: 'Pack all',
  States: {
    'Pack all': {
      Type: 'Map',
      ItemProcessor: {
        StartAt: 'Pack one',
        States: {
          'Pack one': { Type: 'Task', Resource: PACK, Next: 'Label' },
          Label: { Type: 'Pass', End: true },
        },
      },
      Next: 'Ship',
    },
    Ship: { Type: 'Pass', End: true },
  },
});

withChromium('the page of an execution, in a real Chromium', () => {
  let browser: Browser;
  let service: LocalService;
  let page: Page;
  let machine: string;

  beforeAll(async () => {
    execFileSync(process.execPath, ['src/console/build.mjs', '--strict']);
    service = await startLocalService({ port: 0, console: true });
    service.seedActivity(PACK);
    machine = service.seedMachine({ name: 'Parcels', definition: PARCELS });
    browser = await startChromium(executablePath ?? '');
  });
  afterAll(async () => {
    service?.endPolls();
    await browser?.close();
    await service?.close();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
  });
  afterEach(() => page.close());

  const start = async (stateMachineArn: string, input: unknown): Promise<string> => {
    const request = { stateMachineArn, input: JSON.stringify(input) };
    return (await call(service.url, 'StartExecution', request))['executionArn'] ?? '';
  };
  const open = (arn: string): Promise<unknown> =>
    page.goto(`${service.url}/#/executions/${encodeURIComponent(arn)}`);
  const take = async (workerName: string): Promise<string> =>
    (await call(service.url, 'GetActivityTask', { activityArn: PACK, workerName }))['taskToken'] ?? '';
  const succeed = (taskToken: string): Promise<unknown> =>
    call(service.url, 'SendTaskSuccess', { taskToken, output: '{}' });
  const time = (): Locator => page.getByRole('region', { name: 'Time' });
  const row = (name: string | RegExp): Locator => time().locator('.timeline-row', { hasText: name });
  const shownRows = async (): Promise<string[]> =>
    (await time().locator('.timeline-name').allInnerTexts()).map((each) => each.trim());

  test('iterations that run at once have a row each, with the name of the worker', async () => {
    const arn = await start(machine, [1, 2, 3]);
    const first = await take('packer-a');
    const second = await take('packer-b');
    await open(arn);
    await row('#1 packer-b').waitFor();
    expect(await shownRows()).toEqual(['Pack all', '#0 packer-a', '#1 packer-b', '#2']);
    expect(await row('#0').locator('rect.working').count()).toBe(1);
    expect(await row('#2').locator('rect.queued').count()).toBe(1);
    expect(await row('#1').locator('rect.working title').textContent()).toMatch(
      /^Pack one: in progress, .* by packer-b$/,
    );
    // A click shows that iteration alone.
    await row('#1').getByRole('button').click();
    await page.locator('[data-state="Pack one"][data-progress="leased"]').waitFor();
    await time().getByRole('button', { name: '#1' }).click();
    await page.locator('[data-state="Pack one"][data-progress="queued"]').waitFor();
    for (const token of [first, second, await take('packer-c')]) await succeed(token);
    await row('Ship').waitFor();
    expect(await shownRows()).toEqual(['Pack all', '#0 packer-a', '#1 packer-b', '#2 packer-c', 'Ship']);
    expect(await row('#2').locator('rect.succeeded').count()).toBe(2);
    await call(service.url, 'StopExecution', { executionArn: arn });
  });

  test('of many iterations the states show how many wait and work at each time', async () => {
    const arn = await start(machine, Array(40).fill(1));
    await take('packer-a');
    await open(arn);
    const one = row('Pack one');
    await one.locator('path.working').waitFor({ state: 'attached' });
    expect(await shownRows()).toEqual(['Pack all', 'Pack one']);
    // The one that works is seen, although 39 others wait.
    const height = `document.querySelector('.bars path.working').getBBox().height`;
    expect(await page.evaluate(height)).toBeGreaterThanOrEqual(2);
    expect(await one.getByRole('img').getAttribute('aria-label')).toMatch(
      /^waits for a worker (39|40) times, in progress; by packer-a$/,
    );
    await call(service.url, 'StopExecution', { executionArn: arn });
  });

  test('a thousand iterations have a row each on request, of which the visible ones are rendered', async () => {
    const States = { Label: { Type: 'Pass', End: true } };
    const each = { Type: 'Map', ItemProcessor: { StartAt: 'Label', States }, End: true };
    const definition = JSON.stringify({ StartAt: 'Label all', States: { 'Label all': each } });
    await open(await start(service.seedMachine({ name: 'Labels', definition }), Array(1_000).fill(1)));
    await row('Label').last().waitFor();
    expect(await shownRows()).toEqual(['Label all', 'Label']);
    await time().getByRole('button', { name: 'Iterations of Label all' }).click();
    await row('#12').waitFor();
    expect((await shownRows()).length).toBeLessThan(60);
    await page.evaluate(`document.querySelector('.timeline-rows').scrollTop = 1e6`);
    await row('#999').waitFor();
  });

  test('a run of less than a millisecond has bars that can be seen, on a telephone too', async () => {
    const arn = await start(
      service.seedMachine({
        name: 'Short',
        definition: JSON.stringify({
          StartAt: 'A',
          States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Succeed' } },
        }),
      }),
      {},
    );
    for (const width of [390, 1_440]) {
      await page.setViewportSize({ width, height: 900 });
      await open(arn);
      await row('B').waitFor();
      for (const name of ['A', 'B']) {
        const box = await row(name).locator('rect').boundingBox();
        const frame = await row(name).getByRole('img').boundingBox();
        expect(box?.width).toBeGreaterThanOrEqual(4);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(
          (frame?.x ?? 0) + (frame?.width ?? 0) + 1,
        );
      }
    }
  });
});
