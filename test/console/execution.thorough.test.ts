import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { type LocalService, startLocalService } from 'stepwright/local';
import { findChromium, startChromium } from './chromium.js';
import { openLargeScene } from './large.js';
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

  test('while the events of an execution that has ended arrive, nothing of it is shown as running', async () => {
    const each = {
      Type: 'Map',
      ItemProcessor: { StartAt: 'L', States: { L: { Type: 'Pass', End: true } } },
      End: true,
    };
    const definition = JSON.stringify({ StartAt: 'Many', States: { Many: each } });
    const stateMachineArn = service.seedMachine({ name: 'Many', definition });
    const arn = await start(stateMachineArn, Array(3_000).fill(1));
    while ((await call(service.url, 'DescribeExecution', { executionArn: arn }))['status'] === 'RUNNING')
      await new Promise((next) => setTimeout(next, 50));
    const blue = '[data-progress]:not([data-progress=succeeded]), .bars .working, .square.blue';
    await page.addInitScript(`
      window.blue = 0;
      new MutationObserver(() => (window.blue += document.querySelectorAll('${blue}').length))
        .observe(document, { subtree: true, childList: true, attributes: true });
    `);
    await open(arn);
    await page.getByText('12,006 events').waitFor();
    await row('Many').first().waitFor();
    expect(await page.evaluate('window.blue')).toBe(0);
  });

  test('a copy of an execution that still runs elsewhere says so, and can not be stopped here', async () => {
    const ranAs = 'arn:aws:states:us-east-1:123456789012:execution:Elsewhere:pulled';
    const Pack = { Type: 'Task', Resource: PACK, End: true };
    const input = '{}';
    await fetch(service.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'StepwrightLocal.PutExecution' },
      body: JSON.stringify({
        executionArn: ranAs,
        input,
        startedAt: Date.now(),
        stateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:Elsewhere',
        definition: JSON.stringify({ StartAt: 'Pack', States: { Pack } }),
        roleArn: 'arn:aws:iam::123456789012:role/any',
        events: JSON.stringify([
          { id: 1, previous: 0, type: 'ExecutionStarted', at: Date.now(), details: { input } },
        ]),
      }),
    });
    const stop = page.getByRole('button', { name: 'Stop', exact: true });
    const own = await start(machine, [1]);
    await open(own);
    await stop.waitFor();
    await open(ranAs);
    await page.locator('.facts').getByText(ranAs).waitFor();
    expect(await stop.count()).toBe(0);
    await page.goto(`${service.url}/#/executions`);
    await page.getByRole('checkbox', { name: 'Choose pulled' }).check();
    await page.getByRole('button', { name: 'Run again' }).waitFor();
    expect(await stop.count()).toBe(0);
    await page.getByRole('checkbox', { name: `Choose ${own.split(':').pop()}` }).check();
    await stop.waitFor();
  });

  test('a refusal says why: of a machine, and of a stream beyond the last that the service opens', async () => {
    const show = (path: string): Promise<unknown> => page.goto(`${service.url}/#/${path}`);
    const busy = { status: 503, json: { error: 'Refused', message: 'Too many requests are being sent' } };
    await page.route('**/console/api/DescribeStateMachine', (route) => route.fulfill(busy));
    await show(`machines/${encodeURIComponent(machine)}`);
    await page.getByText('Too many requests are being sent').waitFor();
    await page.unroute('**/console/api/DescribeStateMachine');
    await show(`machines/${encodeURIComponent(`${machine}2`)}`);
    await page.getByText('There is no machine Parcels2 here.').waitFor();
    await page.goto('about:blank');
    const arn = await start(machine, [1]);
    const streams = Array.from({ length: 80 }, (_, n) =>
      fetch(`${service.url}/console/api/stream?key=another-browser-${n}`),
    );
    const opened = await Promise.all(streams);
    await open(arn);
    await page.getByText('The service serves 64 browsers at most').first().waitFor();
    expect(opened.filter(({ ok }) => ok)).toHaveLength(64);
    for (const { body } of opened) await body?.cancel();
    await call(service.url, 'StopExecution', { executionArn: arn });
  });

  test('two large machines and their runs: no view is wider than the screen, and a cut name can be read', async () => {
    const scene = await openLargeScene();
    const views = {
      'a machine': [`machines/${encodeURIComponent(scene.recordings)}`, '[data-state]'],
      'another machine': [`machines/${encodeURIComponent(scene.catalogue)}`, '[data-state]'],
      'a run in loops': [`executions/${encodeURIComponent(scene.recorded)}`, '.timeline-row button'],
      'a run of a thousand iterations': [
        `executions/${encodeURIComponent(scene.catalogued)}`,
        '.timeline-row button',
      ],
      machines: ['machines', 'tbody tr'],
      executions: ['executions', '.rows .all .row'],
    } as const;
    /** The texts that are cut, and that pointing at them does not tell. */
    const cut = `[...document.querySelectorAll('#page *')].filter((each) =>
      getComputedStyle(each).textOverflow === 'ellipsis' && each.scrollWidth > each.clientWidth &&
      !each.closest('[title]') && !each.querySelector('[title]')).map((each) => each.textContent)`;
    for (const width of [390, 1_024, 1_440])
      for (const [name, [path, drawn]] of Object.entries(views)) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto('about:blank');
        await page.goto(`${scene.service.url}/#/${path}`);
        await page.locator(drawn).last().waitFor({ state: 'attached' });
        const found = {
          widest: await page.evaluate('document.documentElement.scrollWidth'),
          cut: await page.evaluate(cut),
        };
        expect({ name, width, ...found }).toEqual({ name, width, widest: width, cut: [] });
      }
    await scene.service.close();
  });
});
