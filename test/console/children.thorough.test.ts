import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { findChromium } from './chromium.js';
import { Tab } from './tab.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(180_000);

const executablePath = findChromium();
const withChromium = executablePath === undefined ? describe.skip : describe;

const CHILD = 'arn:aws:states:us-east-1:123456789012:stateMachine:Child';
const one = (name: string, state: object): object => ({
  StartAt: name,
  States: { [name]: { ...state, End: true } },
});

withChromium('the children of an execution', () => {
  let tab: Tab;

  beforeAll(async () => {
    tab = await Tab.open(executablePath ?? '', {});
    tab.service.seedMachine({
      name: 'Child',
      region: 'us-east-1',
      definition: JSON.stringify(one('Pass on', { Type: 'Pass' })),
    });
  });

  afterAll(() => tab.close());

  test('a nested execution is listed, and leads to its own page and back', async () => {
    const { page } = tab;
    const nest = {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Parameters: { StateMachineArn: CHILD, 'Input.$': '$' },
    };
    await tab.start(tab.machine('Parent', one('Nest', nest)), { id: 7 });
    await tab.status('SUCCEEDED');
    await page.getByRole('tab', { name: 'Children' }).click();
    const children = page.getByRole('tabpanel', { name: 'Children' });
    await children.getByText('1 execution', { exact: true }).waitFor();
    expect(await tab.findings()).toEqual([]);
    await children.getByRole('link').first().click();
    await tab.node('Pass on').waitFor();
    await page.getByText('Nest of').waitFor();
    expect(await page.getByRole('tab', { name: 'Children' }).count()).toBe(0);
    await page.locator('.facts a').last().click();
    await tab.node('Nest').waitFor();
    expect(tab.broken).toEqual([]);
  });

  test('the children of a map run are told apart by their status, and older ones come when they are wanted', async () => {
    const { page, button } = tab;
    const choice = {
      StartAt: 'Odd?',
      States: {
        'Odd?': {
          Type: 'Choice',
          Choices: [{ Variable: '$', NumericEquals: 7, Next: 'Fail' }],
          Default: 'Done',
        },
        Fail: { Type: 'Fail', Error: 'Seven' },
        Done: { Type: 'Succeed' },
      },
    };
    const map = {
      Type: 'Map',
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...choice },
      ToleratedFailurePercentage: 100,
      Label: 'All',
    };
    await tab.start(
      tab.machine('Fan', one('Each', map)),
      Array.from({ length: 250 }, (_, index) => index),
    );
    await tab.status('SUCCEEDED');
    await page.getByRole('tab', { name: 'Children' }).click();
    await page.getByText('250 items, 249 succeeded, 1 failed').waitFor();
    const table = page.getByRole('table', { name: 'Executions' });
    await page.locator('[aria-rowcount="101"]').waitFor();
    await button('Show older ones').click();
    await page.locator('[aria-rowcount="251"]').waitFor();
    await page.getByLabel('Status').last().selectOption('FAILED');
    await page.locator('[aria-rowcount="2"]').waitFor();
    await table.getByRole('link').first().click();
    await tab.node('Odd?').waitFor();
    await page.getByText('Map run of').waitFor();
    expect(await button('Run again').count()).toBe(0);
    expect(await tab.findings()).toEqual([]);
    expect(tab.broken).toEqual([]);
  });

  test('a Map that failed with its map run counts the children, and the page fits a telephone', async () => {
    const { page } = tab;
    const fail = { StartAt: 'Fail', States: { Fail: { Type: 'Fail', Error: 'Odd' } } };
    const map = {
      Type: 'Map',
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...fail },
    };
    await page.setViewportSize({ width: 390, height: 844 });
    await tab.start(tab.machine('Strict', one('Each', map)), [1]);
    await tab.status('FAILED');
    const state = page.getByRole('region', { name: 'State Each' });
    await state.getByText('1 item, 1 failed').waitFor();
    expect(await state.getByText('not begun').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Iterations of Each' }).count()).toBe(0);
    await state.getByRole('button', { name: 'Children' }).click();
    await page.getByRole('tabpanel', { name: 'Children' }).getByText('1 item, 1 failed').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await tab.node('Fail').dispatchEvent('click');
    await page.getByText('The states of a map run are entered by its children').waitFor();
  });
});
