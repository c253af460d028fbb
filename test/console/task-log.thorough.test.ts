import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Download } from 'playwright-core';
import { Activity, Handle, type TaskContext } from 'stepwright';
import { runSource } from '../support/run-source.js';
import { findChromium } from './chromium.js';
import { LoggedWorker } from './logged-worker.js';
import { Tab } from './tab.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(180_000);

const executablePath = findChromium();
const withChromium = executablePath === undefined ? describe.skip : describe;
const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Pack';

let goOn = (): void => {};

@Activity(ARN)
class Pack {
  @Handle({ input: 'any', throws: ['Empty'] })
  async pack({ boxes }: { boxes: number }, task: TaskContext): Promise<object> {
    task.log.warn({ boxes }, '<b>tape</b> is low');
    task.progress(0.25, 'first box');
    await new Promise<void>((resolve) => (goOn = resolve));
    if (boxes === 0) throw Object.assign(new Error('nothing to pack'), { name: 'Empty' });
    return { packed: boxes };
  }
}

const MACHINE = {
  StartAt: 'Pack',
  States: {
    Pack: { Type: 'Task', Resource: ARN, Catch: [{ ErrorEquals: ['Empty'], Next: 'None' }], End: true },
    None: { Type: 'Pass', Result: 'none', End: true },
  },
};

withChromium('what a worker says about a task', () => {
  let tab: Tab;
  let worker: LoggedWorker;

  beforeAll(async () => {
    tab = await Tab.open(executablePath ?? '', {});
    tab.service.seedActivity(ARN);
    worker = await LoggedWorker.run(tab.service, { activities: [Pack], workerName: 'desk-3' });
  });

  afterAll(async () => {
    await worker.stop();
    await tab.close();
  });

  test('its log lines and its progress are shown beside the state, live and afterwards', async () => {
    const { page, button } = tab;
    await tab.start(tab.machine('Packing', MACHINE), { boxes: 0 });
    await tab.node('Pack').click();
    await button(/lines? in the log$/).click();
    const log = page.getByRole('log', { name: 'Log lines of the task' });
    await log.getByText('<b>tape</b> is low').waitFor();
    expect(await log.innerText()).toContain('{"boxes":0}');
    await page.getByText('25 % first box').waitFor();
    await page.getByText(/desk-3 · [12] lines?/).waitFor();
    goOn();
    await tab.status('SUCCEEDED');
    await log.getByText('task failed').waitFor();
    expect(await tab.findings()).toEqual([]);
  });

  test('the execution is saved as a test that passes, and its history as JSON', async () => {
    const { page, button } = tab;
    const save = async (name: RegExp): Promise<Download> => {
      await button('More').click();
      const item = page.getByRole('menuitem', { name });
      const [download] = await Promise.all([page.waitForEvent('download'), item.click()]);
      return download;
    };
    const file = await save(/^Save as a test/);
    expect(file.suggestedFilename()).toMatch(/^[\w-]+\.test\.ts$/);
    const source = await readFile(await file.path(), 'utf8');
    expect(source).toContain("await task1.fail('Empty'");
    await runSource(source);
    const json = await save(/^Save the history/);
    const { events } = JSON.parse(await readFile(await json.path(), 'utf8')) as {
      events: { type: string }[];
    };
    expect(events.map(({ type }) => type)).toContain('ActivityFailed');
    expect(events).toHaveLength(9);
  });

  test('the page asked nobody else for anything, and its policy stopped nothing', () => {
    expect(tab.broken).toEqual([]);
  });
});
