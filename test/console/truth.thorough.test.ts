import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { findChromium } from './chromium.js';
import { call } from './scene.js';
import { Tab } from './tab.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(180_000);

const executablePath = findChromium();
const withChromium = executablePath === undefined ? describe.skip : describe;

const PACK = 'arn:aws:states:us-east-1:123456789012:activity:Pack';
const pack = (more: object = { End: true }): object => ({ Type: 'Task', Resource: PACK, ...more });
const machine = (states: object): object => ({ StartAt: Object.keys(states)[0], States: states });

withChromium('what the page says is true, in a real Chromium', () => {
  let tab: Tab;

  beforeAll(async () => {
    tab = await Tab.open(executablePath ?? '', true);
    tab.service.seedActivity(PACK);
  });
  afterAll(() => tab?.close());

  const take = async (workerName: string): Promise<string> =>
    (await call(tab.service.url, 'GetActivityTask', { activityArn: PACK, workerName }))['taskToken'] ?? '';

  const setClock = (change: object): Promise<unknown> =>
    fetch(`${tab.service.url}/clock`, { method: 'POST', body: JSON.stringify(change) });

  test('a state may be named __proto__', async () => {
    const text =
      '{"StartAt":"__proto__","States":{"__proto__":{"Type":"Map","Next":"B","ItemProcessor":{"StartAt":"constructor","States":{"constructor":{"Type":"Pass","End":true}}}},"B":{"Type":"Pass","End":true}}}';
    const arn = tab.service.seedMachine({ name: 'Odd', definition: text });
    await tab.start(arn, [1, 2] as never);
    await tab.progress('__proto__', 'succeeded');
    await tab.node('B').click();
    await tab.start(tab.machine('Plain', machine({ A: { Type: 'Pass', End: true } })), {});
    await tab.progress('A', 'succeeded');
    expect(tab.broken).toEqual([]);
  });

  test('iterations in iterations are told apart, and those that are chosen have their events', async () => {
    const inner = { Type: 'Map', ItemProcessor: machine({ Deep: { Type: 'Pass', End: true } }), End: true };
    const outer = { Type: 'Map', ItemProcessor: machine({ Inner: inner }), End: true };
    await tab.start(tab.machine('Nested', machine({ Outer: outer })), [
      [1, 2],
      [3, 4],
    ] as never);
    await tab.status('SUCCEEDED');
    await tab.node('Deep').click();
    expect(await tab.page.getByLabel('Visit').locator('option').allInnerTexts()).toEqual(
      ['0 › 0', '0 › 1', '1 › 0', '1 › 1'].map((each) => `Iteration ${each}: succeeded`),
    );
    const events = tab.page.getByRole('region', { name: 'Events' });
    await events.getByText(/^8 of \d+ events/).waitFor();
    const row = tab.page.getByRole('region', { name: 'Time' }).getByRole('button', { name: '#1 #0' });
    await row.click();
    await events.getByText(/^2 of \d+ events/).waitFor();
    await events.getByRole('button', { name: 'Show the events of all states' }).click();
    expect(await events.getByText(/^iteration/).allInnerTexts()).toEqual(
      ['1', '0', '0', '1'].map((index) => `iteration ${index}`),
    );
  });

  test('a task that is taken by hand in one tab is not contradicted by another', async () => {
    const arn = await tab.start(tab.machine('ByHand', machine({ Pack: pack() })), {});
    await tab.node('Pack').click();
    await tab.button('Take this task by hand').click();
    await tab.page.getByText('This page sends heartbeats').waitFor();
    const other = await tab.page.context().newPage();
    await other.goto(`${tab.service.url}/#/executions/${encodeURIComponent(arn)}?state=Pack`);
    await other.getByText('Taken by hand.').waitFor();
    expect(await other.getByText('no heartbeat is sent').count()).toBe(0);
    await other.getByRole('button', { name: 'Answer it' }).click();
    await other.getByRole('button', { name: 'Answer', exact: true }).click();
    await tab.status('SUCCEEDED');
    await tab.page.getByText('It was answered in another tab').waitFor();
    await tab.button('Close').last().click();
    await other.close();
  });

  test('the caption in the graph names the worker that has the task', async () => {
    const Retry = [{ ErrorEquals: ['Busy'], IntervalSeconds: 600 }];
    const each = { Type: 'Map', ItemProcessor: machine({ Pack: pack({ Retry, End: true }) }), End: true };
    const executionArn = await tab.start(tab.machine('Leases', machine({ Each: each })), [1, 2] as never);
    const taskToken = await take('alpha');
    await call(tab.service.url, 'SendTaskFailure', { taskToken, error: 'Busy' });
    await take('beta');
    await tab
      .node('Pack')
      .getByText(/^Leased by/)
      .waitFor();
    expect(await tab.node('Pack').innerText()).toContain('Leased by beta');
    await call(tab.service.url, 'StopExecution', { executionArn });
  });

  test('the legend of the timeline has the colour of each bar', async () => {
    const Retry = [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 1 }];
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Slow' }];
    const states = machine({
      Pack: pack({ Retry, Catch, Next: 'Slow' }),
      Slow: { Type: 'Wait', Seconds: 3600, End: true },
    });
    await tab.start(tab.machine('Bars', { ...states, TimeoutSeconds: 60 }), {});
    for (const workerName of ['alpha', 'beta'])
      await call(tab.service.url, 'SendTaskFailure', { taskToken: await take(workerName), error: 'Busy' });
    await tab.progress('Slow', 'in progress');
    await setClock({ advance: '1m' });
    await tab.status('TIMED_OUT');
    const colours = (selector: string, property: string): Promise<string[]> =>
      tab.page.evaluate(`[...document.querySelectorAll('.timeline ${selector}')].map((each) =>
        [...each.classList].at(-1) + ' ' + getComputedStyle(each).getPropertyValue('${property}'))`);
    const bars = await colours('.bars rect', 'fill');
    const legend = await colours('.swatch', 'background-color');
    const kinds = { retry: 'failed', 'timed-out': 'failed' } as Record<string, string>;
    expect(bars.map((each) => each.split(' ')[0])).toEqual(
      expect.arrayContaining(['retry', 'back-off', 'caught', 'timed-out']),
    );
    for (const each of bars) expect(legend).toContain(each.replace(/^\S+/, (kind) => kinds[kind] ?? kind));
  });

  test('with a time scale, what is running grows by the time of the service', async () => {
    await setClock({ scale: 60 });
    const states = { Long: { Type: 'Wait', Seconds: 3600, End: true } };
    const executionArn = await tab.start(tab.machine('Long', machine(states)), {});
    await tab.page
      .locator('.facts', { hasText: 'Duration' })
      .getByText(/^[2-9] min/)
      .waitFor();
    await call(tab.service.url, 'StopExecution', { executionArn });
    await setClock({ scale: 1 });
    expect(tab.broken).toEqual([]);
  });

  test('the page and the editor of a machine follow its updates and its deletion', async () => {
    const one = (name: string): object => machine({ [name]: { Type: 'Pass', End: true } });
    const update = (name: string): Promise<unknown> =>
      call(tab.service.url, 'UpdateStateMachine', { stateMachineArn, definition: JSON.stringify(one(name)) });
    const stateMachineArn = tab.machine('Changing', one('First'));
    await tab.go(`machines/${stateMachineArn}`);
    await tab.node('First').waitFor();
    await update('Second');
    await tab.node('Second').waitFor();
    await tab
      .button('Edit')
      .or(tab.page.getByRole('link', { name: 'Edit' }))
      .click();
    const editor = tab.page.locator('.cm-content');
    await editor.getByText('"Second"').first().waitFor();
    await update('Third');
    await editor.getByText('"Third"').first().waitFor();
    await tab.fill(editor, JSON.stringify(one('Mine')));
    await update('Fourth');
    await tab.page.getByText('The machine was updated since you began.').waitFor();
    await editor.getByText('"Mine"').first().waitFor();
    await tab.button('Discard changes').click();
    await editor.getByText('"Fourth"').first().waitFor();
    await tab.go(`machines/${stateMachineArn}`);
    await tab.node('Fourth').waitFor();
    await call(tab.service.url, 'DeleteStateMachine', { stateMachineArn });
    await tab.page.getByText('There is no machine').waitFor();
    expect(tab.broken).toEqual([]);
  });

  test('a list that is cut says so, one of the last minute moves on, and without the service all stands', async () => {
    const stateMachineArn = tab.machine(
      'Many',
      machine({ Wait: { Type: 'Wait', Seconds: 86_400, End: true } }),
    );
    for (let i = 0; i < 1_020; i += 20)
      await Promise.all(
        Array.from({ length: 20 }, () => call(tab.service.url, 'StartExecution', { stateMachineArn })),
      );
    await tab.go(`executions?machine=${stateMachineArn}`);
    await tab.page.getByText(/^1,020 (of 1,0\d\d )?executions, the latest 1,000 shown$/).waitFor();
    // A minute of the service takes six seconds.
    await setClock({ scale: 10 });
    await call(tab.service.url, 'StartExecution', { stateMachineArn, name: 'late' });
    await tab.page.getByRole('searchbox', { name: 'Name' }).fill('late');
    await tab.page.getByRole('combobox', { name: /^Started/ }).selectOption('Last minute');
    await tab.page.getByText(/^1 of 1,0\d\d executions$/).waitFor();
    await tab.page.getByText(/^0 of 1,0\d\d executions$/).waitFor();
    await setClock({ scale: 1 });
    const other = await tab.page.context().newPage();
    await other.goto(tab.page.url());
    await other.getByText(/^0 of 1,0\d\d executions$/).waitFor();
    await tab.start(stateMachineArn, {});
    await tab.status('RUNNING');
    tab.service.endPolls();
    await tab.service.close();
    await tab.page.getByText('Not connected').waitFor();
    const facts = (): Promise<string> => tab.page.locator('.facts').innerText();
    const before = await facts();
    await tab.page.waitForTimeout(1_500);
    expect(await facts()).toBe(before);
    await tab.page.getByRole('link', { name: 'Executions' }).first().click();
    await other.bringToFront();
    await other.getByRole('searchbox', { name: 'Name' }).fill('x');
    for (const page of [other, tab.page])
      await page.getByText('The service does not answer. Does it still run?').waitFor();
  });
});
