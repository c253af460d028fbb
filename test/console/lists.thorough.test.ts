import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { findChromium } from './chromium.js';
import { call } from './scene.js';
import { Tab } from './tab.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(180_000);

const executablePath = findChromium();
const withChromium = executablePath === undefined ? describe.skip : describe;

const PACK = 'arn:aws:states:us-east-1:123456789012:activity:Pack';
const one = (state: object): object => ({ StartAt: 'One', States: { One: state } });

withChromium('the lists, in a real Chromium', () => {
  let tab: Tab;
  const arn = (name: string): string => `arn:aws:states:us-east-1:123456789012:stateMachine:${name}`;

  beforeAll(async () => {
    tab = await Tab.open(executablePath ?? '', true);
    tab.service.seedActivity(PACK);
    tab.machine('Good', one({ Type: 'Pass', End: true }));
    tab.machine('Bad', one({ Type: 'Fail', Error: 'Zebra' }));
    tab.machine('Slow', one({ Type: 'Task', Resource: PACK, End: true }));
    const { stateMachineVersionArn = '' } = await call(tab.service.url, 'PublishStateMachineVersion', {
      stateMachineArn: arn('Bad'),
    });
    await start(arn('Good'), 'b-good');
    await start(stateMachineVersionArn, 'c-bad');
    await start(arn('Slow'), 'a-slow');
    await call(tab.service.url, 'RedriveExecution', { executionArn: execution('Bad', 'c-bad') });
  });
  afterAll(() => tab?.close());

  const execution = (machine: string, name: string): string =>
    `${arn(machine).replace('stateMachine', 'execution')}:${name}`;
  async function start(stateMachineArn: string, name: string): Promise<void> {
    await call(tab.service.url, 'StartExecution', { stateMachineArn, name, input: '{}' });
    await tab.go('executions');
    await tab.page
      .locator('.row', { hasText: name })
      .getByText(/Succeeded|Failed|Running/)
      .waitFor();
  }
  const rowOf = (name: string): Promise<string> =>
    tab.page.locator('tr, .row', { hasText: name }).first().innerText();
  const flat = async (text: Promise<string>): Promise<string> => (await text).replaceAll(/\s+/g, ' ').trim();
  const isCut = (): Promise<boolean> =>
    tab.page.evaluate('document.documentElement.scrollWidth > innerWidth');

  test('executions are sorted by any column, with what has no value last, and the URL keeps it', async () => {
    const { page } = tab;
    const names = async (): Promise<string[]> => page.locator('.rows-executions .all a').allInnerTexts();
    const sort = (label: string): Promise<void> =>
      page.locator('.row.head').getByRole('button', { name: label }).click();
    await tab.go('executions');
    await page.getByText('a-slow').waitFor();
    expect(await names()).toEqual(['a-slow', 'c-bad', 'b-good']);
    await sort('Name');
    expect(await names()).toEqual(['a-slow', 'b-good', 'c-bad']);
    await sort('Name');
    expect(await names()).toEqual(['c-bad', 'b-good', 'a-slow']);
    await page.reload();
    await page
      .getByRole('columnheader', { name: 'Name' })
      .and(page.locator('[aria-sort=descending]'))
      .waitFor();
    await page.getByText('a-slow').waitFor();
    expect(await names()).toEqual(['c-bad', 'b-good', 'a-slow']);
    await sort('Name');
    expect(await names()).toEqual(['a-slow', 'c-bad', 'b-good']);
    for (const order of ['ascending', 'descending']) {
      await sort('Error');
      expect([order, (await names())[0]]).toEqual([order, 'c-bad']);
    }
  });

  test('a row has the error, the machine, the version and the redrives of its execution', async () => {
    await tab.go('executions');
    await tab.page.getByText('a-slow').waitFor();
    expect(await flat(rowOf('c-bad'))).toMatch(/^Failed c-bad [\d:]+ .*s Zebra Bad 1 1$/);
    expect(await flat(rowOf('b-good'))).toMatch(/^Succeeded b-good [\d:]+ \S+ m?s Good$/);
  });

  test('the filters are in one row, and the buttons for several are there when one is chosen', async () => {
    const { page } = tab;
    await page.setViewportSize({ width: 1440, height: 900 });
    await tab.go('executions');
    const filters = page.locator('.filters > :is(select, input)');
    await filters.first().waitFor();
    const tops = await filters.evaluateAll((all) => all.map((each) => each.getBoundingClientRect().top));
    expect([tops.length, new Set(tops).size]).toEqual([6, 1]);
    const bar = page.getByRole('toolbar', { name: 'Chosen executions' });
    expect(await bar.count()).toBe(0);
    const top = (): Promise<number> =>
      page.getByText('c-bad').evaluate((each) => each.getBoundingClientRect().top);
    const before = await top();
    await page.getByRole('checkbox', { name: 'Choose b-good' }).check();
    expect(await bar.getByRole('button').allInnerTexts()).toEqual(
      ['Choose all', 'Choose none', 'Run again'].map((each) => expect.stringContaining(each)),
    );
    expect(await top()).toBe(before);
    await bar.getByRole('button', { name: 'Choose none' }).click();
    expect(await bar.count()).toBe(0);
  });

  test('machines and activities are tables, and a row leads to its page', async () => {
    const { page } = tab;
    await tab.go('machines');
    await page.getByRole('link', { name: 'Bad' }).waitFor();
    expect(await flat(rowOf('Bad'))).toMatch(/^Bad Failed [\d:]+ us-east-1 1 0 1$/);
    expect(await flat(rowOf('Slow'))).toMatch(/^Slow Running [\d:]+ us-east-1 1 1 0$/);
    await page.getByRole('button', { name: 'Failures' }).click();
    await page.getByRole('button', { name: 'Failures' }).click();
    expect(await page.locator('tbody th a').first().innerText()).toBe('Bad');
    await tab.go('activities');
    await page.getByRole('img', { name: /^Waiting: 1 now/ }).waitFor();
    expect(await flat(rowOf('Pack'))).toMatch(/^Pack us-east-1 1 0 0 – 0$/);
    await page.getByRole('link', { name: 'Pack' }).click();
    await page.getByRole('heading', { name: 'Pack', level: 1 }).waitFor();
    await page.getByText('1 task waits for a worker').waitFor();
    const here = page.url();
    await tab.go('machines');
    await page.goto(here);
    await page.getByText('No worker polls for it.').waitFor();
  });

  test.each([390, 1024])('at %d px nothing is cut off, and axe finds nothing', async (width) => {
    await tab.page.setViewportSize({ width, height: 844 });
    for (const path of [
      'machines',
      'executions',
      'activities',
      `activities/${PACK}`,
      `machines/${arn('Bad')}`,
    ]) {
      await tab.go(path);
      await tab.page.locator('h1').waitFor();
      await tab.page.locator('.row, tr, .traffic').first().waitFor();
      expect([path, await isCut()]).toEqual([path, false]);
      const wide = 'each => each.scrollWidth > each.clientWidth';
      const frames = `[...document.querySelectorAll('.table-frame')].filter(${wide}).length`;
      expect([path, await tab.page.evaluate(frames)]).toEqual([path, 0]);
      expect(await tab.findings()).toEqual([]);
    }
    await tab.go('executions');
    await tab.page.getByText('Zebra').waitFor();
    await tab.page.getByRole('checkbox', { name: 'Choose c-bad' }).check();
    await tab.button('Run again').waitFor();
    expect(await isCut()).toBe(false);
    await tab.page.setViewportSize({ width: 1280, height: 900 });
  });

  test('the clock of the service is shown if it is another than that of the machine', async () => {
    await tab.go('machines');
    await tab.page.getByRole('link', { name: 'Good' }).waitFor();
    const clock = tab.page.getByTitle('The time of the local service');
    expect(await clock.count()).toBe(0);
    const change = (body: object): Promise<unknown> =>
      fetch(`${tab.service.url}/clock`, { method: 'POST', body: JSON.stringify(body) });
    await change({ scale: 60 });
    await start(arn('Good'), 'scaled');
    await clock.getByText(/ · 60 ×$/).waitFor();
    await change({ scale: 1 });
  });

  test('a machine and an activity are deleted after a question', async () => {
    const { page } = tab;
    const confirm = async (): Promise<void> => {
      await tab.button('Delete').click();
      await tab.dialog().getByRole('button', { name: 'Delete' }).click();
    };
    await tab.go(`machines/${arn('Bad')}`);
    await confirm();
    await page.getByRole('heading', { name: 'Machines', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Bad' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Slow' }).waitFor();
    await tab.go(`activities/${PACK}`);
    await tab.button('Delete').click();
    await tab.dialog().waitFor();
    await page.keyboard.press('Escape');
    await tab.dialog().waitFor({ state: 'detached' });
    await page.getByText('1 task waits for a worker').waitFor();
    await confirm();
    await page.getByText('There is no activity yet.').waitFor();
    await tab.go('machines');
    await page.getByText('An activity is not there, and an execution fails at it: Pack').waitFor();
    await tab.go(`activities/${PACK}`);
    await page.getByText('There is no activity').waitFor();
    expect(tab.broken).toEqual([]);
  });

  test('an EXPRESS machine is started without leaving its page, which says where its events are', async () => {
    const machine = { name: 'Fast', type: 'EXPRESS', roleArn: 'arn:aws:iam::123456789012:role/any' };
    const definition = JSON.stringify(one({ Type: 'Pass', End: true }));
    const made = await call(tab.service.url, 'CreateStateMachine', { ...machine, definition });
    await tab.go(`machines/${String(made['stateMachineArn'])}`);
    await tab.button('Start execution').click();
    await tab.dialog().getByRole('button', { name: 'Start', exact: true }).click();
    const said = /its log has the events of arn:aws:states:[a-z0-9-]+:123456789012:express:Fast:/;
    await tab.dialog().getByText(said).waitFor();
    expect(tab.page.url()).toContain('machines/');
  });
});
