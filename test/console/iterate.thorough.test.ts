import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { Locator } from 'playwright-core';
import { inputSchema } from '../../src/framework/declare/schema/dto-schema.js';
import { definitionOf } from '../support/definition.js';
import { findChromium } from './chromium.js';
import { call } from './scene.js';
import { Tab } from './tab.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(90_000);

const executablePath = findChromium();
const withChromium = executablePath === undefined ? describe.skip : describe;

/** `Check` fails for a negative amount, and its branch runs beside another. */
const ORDER = {
  StartAt: 'Name',
  States: {
    Name: { Type: 'Pass', Assign: { who: 'hoge' }, Next: 'Both' },
    Both: {
      Type: 'Parallel',
      Branches: [{ StartAt: 'Inside', States: { Inside: { Type: 'Pass', End: true } } }],
      ResultPath: '$.both',
      Next: 'Check',
    },
    Check: {
      Type: 'Choice',
      Choices: [{ Variable: '$.amount', NumericGreaterThan: 0, Next: 'Done' }],
      Default: 'Refuse',
    },
    Refuse: { Type: 'Fail', Error: 'BadAmount' },
    Done: { Type: 'Pass', Parameters: { 'who.$': '$who', 'amount.$': '$.amount' }, End: true },
  },
};

class Line {
  @IsString()
  @IsNotEmpty()
  sku!: string;

  @IsInt()
  @Min(1)
  count!: number;
}

class ParcelInput {
  @IsString()
  @MaxLength(5)
  to!: string;

  @IsIn(['slow', 'fast'])
  speed!: string;

  @IsOptional()
  @IsBoolean()
  gift?: boolean;

  @IsOptional()
  @IsEmail()
  mail?: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];
}

const PARCEL = 'arn:aws:states:us-east-1:123456789012:activity:Parcel';

withChromium('the console lets one iterate', () => {
  let tab: Tab;

  beforeAll(async () => {
    const parcel = inputSchema(definitionOf({ input: ParcelInput }));
    tab = await Tab.open(
      executablePath ?? '',
      { schemaFor: (arn) => (arn === PARCEL ? parcel : undefined) },
      { mocks: { 'Approval.Approve': () => ({ output: {} }) } },
    );
  });

  afterAll(async () => {
    await tab.close();
  });

  test('an execution is run again from a state, with its input edited, by keys alone', async () => {
    const { page, button, dialog } = tab;
    const machine = tab.machine('Order', ORDER);
    const failed = await tab.start(machine, { amount: -1 });
    await tab.status('FAILED');
    await tab.node('Check').click();
    const runFrom = async (): Promise<void> => {
      await tab.tabTo(button('Other ways to run it again'));
      await page.keyboard.press('Enter');
      await tab.tabTo(page.getByRole('menuitem', { name: /^Run from Check/ }));
      await page.keyboard.press('Enter');
    };
    await runFrom();
    const input = dialog().getByRole('textbox', { name: 'Input, as JSON' });
    await input.getByText('"amount"').first().waitFor();
    expect(await input.innerText()).toContain('-1');
    expect(await tab.findings()).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    expect(await tab.hasFocus(button('Other ways to run it again'))).toBe(true);

    await runFrom();
    await tab.fill(input, '{"amount":');
    expect(await dialog().getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
    await tab.fill(input, '{"amount":7}');
    await tab.tabTo(dialog().getByRole('button', { name: 'Run', exact: true }));
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => !url.href.includes(encodeURIComponent(failed)));
    await tab.status('SUCCEEDED');
    const output = page.getByRole('region', { name: 'Output of the execution' });
    expect(await output.innerText()).toMatch(/"amount": 7,\s+"who": "hoge"/);
    await tab.progress('Both', 'not reached');
    await page.getByText('The input of Check, in which this execution began.').waitFor();
    expect(await page.getByRole('region', { name: 'Input of the execution' }).innerText()).toContain('7');
    await page.getByRole('link', { name: failed.split(':').at(-1) ?? '' }).waitFor();
  });

  test('a state inside a Parallel offers to run from the Parallel', async () => {
    const machine = tab.machine('Order', ORDER);
    await tab.start(machine, { amount: 5 });
    await tab.status('SUCCEEDED');
    await tab.node('Inside').click();
    await tab.button('Other ways to run it again').click();
    await tab.page.getByRole('menuitem', { name: /^Run from Both/ }).click();
    const input = tab.dialog().getByRole('textbox', { name: 'Input, as JSON' });
    await input.getByText('"amount"').first().waitFor();
    await tab.dialog().getByRole('button', { name: 'Run', exact: true }).click();
    await tab.progress('Name', 'not reached');
    await tab.status('SUCCEEDED');
    await tab.progress('Inside', 'succeeded');
    expect(tab.page.url()).toContain('from-Both');
  });

  test('a redriven execution goes on live in its page, and a refusal says why', async () => {
    const { page, service, button } = tab;
    const activity = 'arn:aws:states:us-east-1:123456789012:activity:Redriven';
    service.seedActivity(activity);
    const machine = tab.machine('Redriven', {
      StartAt: 'Work',
      States: { Work: { Type: 'Task', Resource: activity, End: true } },
    });
    const arn = await tab.start(machine, {});
    const take = () => call(service.url, 'GetActivityTask', { activityArn: activity });
    const { taskToken } = await take();
    await call(service.url, 'SendTaskFailure', { taskToken, error: 'Broken' });
    await tab.status('FAILED');
    const redrive = async (): Promise<void> => {
      await button('Other ways to run it again').click();
      await page.getByRole('menuitem', { name: /^Redrive/ }).click();
    };
    await redrive();
    await tab.status('RUNNING');
    await tab.progress('Work', 'queued');
    expect(page.url()).toContain(encodeURIComponent(arn));
    const again = await take();
    await call(service.url, 'SendTaskFailure', { taskToken: again['taskToken'], error: 'Broken' });
    await tab.status('FAILED');
    await page.route('**/console/api/RedriveExecution', async (route) => {
      await call(service.url, 'RedriveExecution', { executionArn: arn });
      await route.continue();
    });
    await redrive();
    await page.getByRole('alert').getByText('RUNNING').waitFor();
    await page.unroute('**/console/api/RedriveExecution');
    await call(service.url, 'StopExecution', { executionArn: arn });
    await tab.status('ABORTED');
  });

  test('an input is written in a form, checked as one types, and still there after a reload', async () => {
    const { page, button, dialog } = tab;
    tab.service.seedActivity(PARCEL);
    const machine = tab.machine('Parcels', {
      StartAt: 'Send',
      States: { Send: { Type: 'Task', Resource: PARCEL, End: true } },
    });
    await tab.go(`machines/${machine}`);
    await button('Start execution').click();
    const refused = dialog().getByText('The worker will refuse this input: 3 problems.');
    await refused.waitFor();
    await dialog().getByRole('tab', { name: 'JSON' }).click();
    await refused.waitFor();
    await dialog().getByText('/speed is missing').waitFor();
    await dialog().getByRole('tab', { name: 'Form' }).click();
    const type = async (label: string, text: string): Promise<void> => {
      await tab.tabTo(dialog().getByRole('textbox', { name: label, exact: true }));
      await page.keyboard.press('Control+a');
      await page.keyboard.type(text);
    };
    await type('to', 'Tokyo 1');
    await dialog().getByText('should have at most 5 characters').waitFor();
    await type('to', 'Tokyo');
    await tab.tabTo(dialog().getByLabel('speed'));
    await page.keyboard.press('f');
    const lines = dialog().getByLabel('lines');
    await lines.fill('[{"sku":');
    await dialog()
      .getByText(/^Not valid JSON/)
      .waitFor();
    await lines.fill('[{"sku":"A-1","count":"many"}]');
    await dialog().getByText('/0/count should be a whole number').waitFor();
    await lines.fill('[{"sku":"A-1","count":12345678901234567890}]');
    await dialog().getByText('The input fits the rules of the activity.').waitFor();
    await dialog().getByText('The worker checks more: isEmail').waitFor();
    expect(await tab.findings()).toEqual([]);

    await page.keyboard.press('Escape');
    await page.reload();
    await button('Start execution').click();
    await dialog().getByText('The input fits the rules of the activity.').waitFor();
    expect(await lines.inputValue()).toContain('"A-1"');
    await tab.tabTo(dialog().getByRole('tab', { name: 'Form' }));
    await page.keyboard.press('ArrowRight');
    const json = dialog().getByRole('textbox', { name: 'Input, as JSON' });
    await json.getByText('12345678901234567890').waitFor();
    await dialog().getByRole('button', { name: 'Start', exact: true }).click();
    await tab.progress('Send', 'queued');
    const input = page.getByRole('region', { name: 'Input of the execution' });
    expect(await input.innerText()).toMatch(
      /"to": "Tokyo",\s+"speed": "fast"[\s\S]*"count": 12345678901234567890/,
    );
  });

  test('a machine is edited in place, with completion and find, and its versions are listed', async () => {
    const { page, button, dialog } = tab;
    const machine = tab.machine('Edited', {
      StartAt: 'First',
      States: {
        First: { Type: 'Pass', Result: { n: 1 }, Next: 'Second' },
        Second: { Type: 'Pass', End: true },
      },
    });
    await tab.go(`machines/${machine}`);
    await page.getByRole('tab', { name: 'Versions' }).click();
    await button('Publish a version').click();
    await dialog()
      .getByRole('textbox', { name: /^Description/ })
      .fill('before');
    await page.keyboard.press('Enter');
    await page.getByText('The machine has not changed since the newest version.').waitFor();

    await tab.tabTo(page.getByRole('link', { name: 'Edit' }));
    await page.keyboard.press('Enter');
    const editor = tab.box(/^Definition/);
    await editor.waitFor();
    await tab.tabTo(editor);
    await page.keyboard.press('Control+f');
    await page.keyboard.type('"Next"');
    await page.getByRole('status').getByText('1 found').waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    expect(await tab.hasFocus(editor)).toBe(true);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Control+Space');
    expect(await tab.findings()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    for (const _ of 'Second') await page.keyboard.press('Backspace');
    await page.keyboard.type('F');
    await page.getByRole('option', { name: '"First"' }).waitFor();
    await page.keyboard.press('Enter');
    await editor.getByText('"First"').nth(2).waitFor();
    await page.keyboard.type(',');
    await page
      .getByText(/^Line \d+: /)
      .first()
      .waitFor();
    expect(await button('Save').isDisabled()).toBe(true);
    await page.getByText(/^The definition has \d+ problems?\.$/).waitFor();
    await page.keyboard.press('Backspace');
    await page.locator('.problems li').waitFor({ state: 'detached' });
    for (const _ of '"First"') await page.keyboard.press('Backspace');
    await page.keyboard.type('"Second", "Comment": 12345678901234567890');
    await page
      .getByText(/Comment/)
      .first()
      .waitFor();
    for (const _ of '12345678901234567890') await page.keyboard.press('Backspace');
    await page.keyboard.type('"now"');
    await button('Format').click();
    await editor.getByText('"now"').waitFor();

    // The draft is there when the user comes back.
    await page.getByRole('link', { name: 'Edited', exact: true }).click();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await editor.getByText('"now"').waitFor();
    await tab.tabTo(button('Save'));
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Versions' }).click();
    const version = (number: number): Locator => page.getByRole('region', { name: `Version ${number}` });
    await version(1).getByText('"Second"').first().waitFor();
    expect(await version(1).innerText()).not.toContain('"now"');
    await button('Publish a version').click();
    await dialog().getByRole('button', { name: 'Publish' }).click();
    await page.getByRole('combobox', { name: 'Version' }).selectOption('2');
    await version(2).getByText('"now"').waitFor();
    expect(await tab.findings()).toEqual([]);
  });

  test('one state is tested with a mock, from an execution with what it had, each step shown', async () => {
    const { page, service, button, dialog } = tab;
    const activity = 'arn:aws:states:us-east-1:123456789012:activity:Tested';
    service.seedActivity(activity);
    const machine = tab.machine('Tested', {
      StartAt: 'Name',
      States: {
        Name: { Type: 'Pass', Assign: { who: 'hoge', n: 1 }, Next: 'Work' },
        Work: {
          Type: 'Task',
          Resource: activity,
          Parameters: { 'n.$': '$.n', 'who.$': '$who' },
          ResultSelector: { 'sum.$': '$.total' },
          ResultPath: '$.work',
          Assign: { 'last.$': '$.total' },
          Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 2 }],
          Next: 'Done',
        },
        Done: { Type: 'Pass', End: true },
      },
    });
    await tab.start(machine, { n: 3 });
    const { taskToken } = await call(service.url, 'GetActivityTask', { activityArn: activity });
    await call(service.url, 'SendTaskSuccess', { taskToken, output: '{"total":30}' });
    await tab.status('SUCCEEDED');
    await tab.node('Work').click();
    await tab.tabTo(button(/^Test$/));
    await page.keyboard.press('Enter');
    const result = dialog().getByRole('textbox', { name: 'Result, as JSON' });
    await result.getByText('30').waitFor();
    const variables = dialog().getByRole('textbox', { name: 'Variables, as JSON' });
    await variables.getByText('"hoge"').waitFor();
    const run = dialog().getByRole('button', { name: 'Test', exact: true });
    await tab.tabTo(run);
    await page.keyboard.press('Enter');
    const shown = (name: string) =>
      dialog()
        .getByRole('region', { name: `${name} in the test` })
        .innerText();
    const outcome = dialog().getByRole('region', { name: 'Result of the test' });
    await outcome.getByText('Next: Done').waitFor();
    expect(await shown('Input')).toMatch(/"n": 3/);
    expect(await shown('After Parameters')).toMatch(/"n": 3,\s+"who": "hoge"/);
    expect(await shown('Result')).toMatch(/"total": 30/);
    expect(await shown('After ResultSelector')).toMatch(/"sum": 30/);
    expect(await shown('After ResultPath')).toMatch(/"n": 3,\s+"work": \{\s+"sum": 30/);
    const after = dialog().getByRole('region', { name: 'Variables afterwards' });
    expect(await after.innerText()).toMatch(/"who": "hoge"[\s\S]*"last": 30/);
    expect(await shown('Output')).toBe(await shown('After ResultPath'));
    expect(await tab.findings()).toEqual([]);
    const isInSight = (button: Locator) =>
      button.evaluate((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return element.contains(element.ownerDocument.elementFromPoint(x + width / 2, y + height / 2));
      });
    for (const side of ['start', 'end'] as const) {
      await dialog().evaluate((element, to) => element.scrollTo(0, to === 'end' ? 9999 : 0), side);
      expect(await isInSight(run)).toBe(true);
    }

    await dialog().getByText('a mocked result stands for its work').waitFor();
    await dialog().getByRole('radio', { name: 'Mock an error' }).check();
    expect(await outcome.count()).toBe(0);
    await dialog().getByText('a mocked error stands for its work').waitFor();
    await dialog().getByRole('textbox', { name: 'Error name' }).fill('Busy');
    await run.click();
    await outcome.getByText('It would be tried again').waitFor();
    await dialog().getByRole('radio', { name: 'Run it for real: a worker does its work' }).check();
    await dialog().getByText('a task waits until a worker answers it').waitFor();
    await run.click();
    await dialog().getByText('Running…').waitFor();
    await dialog().getByRole('radio', { name: 'Mock a result' }).check();
    await dialog().getByText('Running…').waitFor({ state: 'detached' });
    await run.click();
    await outcome.getByText('Next: Done').waitFor();
    await dialog()
      .getByRole('radio', { name: /^Run it for real/ })
      .check();
    await run.click();
    const own = await call(service.url, 'GetActivityTask', { activityArn: activity });
    await call(service.url, 'SendTaskSuccess', { taskToken: own['taskToken'], output: '{"total":1}' });
    await outcome.getByText('Next: Done').waitFor();
    await tab.fill(variables, '[]');
    await outcome.waitFor({ state: 'detached' });
    await run.click();
    await dialog().getByRole('alert').getByText("Expected 'variables' to be a JSON object.").waitFor();
    expect(await outcome.count()).toBe(0);
    await tab.fill(variables, '{}');
    await dialog().getByRole('alert').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    expect(await tab.hasFocus(button(/^Test$/))).toBe(true);

    await tab.go(`machines/${machine}`);
    await tab.node('Name').click();
    await button(/^Test$/).click();
    await run.click();
    await outcome.getByText('Next: Work').waitFor();
  });

  test('a task that waits for its token, and one that a worker has deferred, are answered from their states', async () => {
    const { page, service, button } = tab;
    const activity = 'arn:aws:states:us-east-1:123456789012:activity:Deferred';
    service.seedActivity(activity);
    const approve = {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: { QueueUrl: 'http://q', MessageBody: { 'token.$': '$$.Task.Token' } },
      ResultPath: '$.approved',
      Next: 'Work',
    };
    const Work = { Type: 'Task', Resource: activity, End: true };
    const machine = tab.machine('Approval', { StartAt: 'Approve', States: { Approve: approve, Work } });
    const arn = await tab.start(machine, {});
    await tab.node('Approve').click();
    await tab.tabTo(button('Answer it'));
    await page.keyboard.press('Enter');
    await page.getByRole('complementary').getByText('Your task of Approve').waitFor();
    await tab.fill(tab.box('Output, as JSON'), '{"by":"hand"}');
    await tab.tabTo(button(/^Answer$/));
    await page.keyboard.press('Enter');
    await tab.progress('Work', 'queued');
    await call(service.url, 'GetActivityTask', { activityArn: activity, workerName: 'deferring' });
    await tab.node('Work').click();
    await page.getByText('If its handler has deferred it').waitFor();
    await button('Answer it').click();
    await tab.fill(tab.box('Output, as JSON'), '{"done":true}');
    expect(await tab.findings()).toEqual([]);
    await button(/^Answer$/).click();
    await tab.status('SUCCEEDED');

    await button('More').click();
    await page.getByRole('menuitem', { name: /^Copy as/ }).click();
    const dialog = tab.dialog();
    expect(await dialog.getByRole('region', { name: 'ARN' }).innerText()).toBe(arn);
    expect(await dialog.getByRole('region', { name: 'AWS CLI' }).innerText()).toContain("--input '{}'");
    expect(await dialog.locator('pre span').count()).toBe(0);
    expect(await tab.findings()).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await tab.hasFocus(button('More'))).toBe(true);
  });

  test('the page asked nobody else for anything, and its policy stopped nothing', () => {
    expect(tab.broken).toEqual([]);
  });
});
