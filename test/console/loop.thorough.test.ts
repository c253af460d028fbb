import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { IsNumber, IsString } from 'class-validator';
import { Activity, ActivityFailure, Handle, type TaskContext } from 'stepwright';
import type { Locator } from 'playwright-core';
import { inputSchema } from '../../src/framework/declare/schema/dto-schema.js';
import { definitionOf } from '../support/definition.js';
import { runSource } from '../support/run-source.js';
import { findChromium } from './chromium.js';
import { LoggedWorker } from './logged-worker.js';
import { Tab } from './tab.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(180_000);

const executablePath = findChromium();
const withChromium = executablePath === undefined ? describe.skip : describe;
const arnOf = (name: string): string => `arn:aws:states:us-east-1:123456789012:activity:${name}`;

class OrderInput {
  @IsString()
  customer!: string;

  @IsNumber()
  amount!: number;
}

@Activity(arnOf('Check'))
class Check {
  @Handle()
  check({ customer, amount }: OrderInput): object {
    return { customer, amount };
  }
}

@Activity(arnOf('Charge'))
class Charge {
  @Handle({ input: 'any', throws: ['UnknownCurrency'] })
  charge({ currency }: { currency: string }, task: TaskContext): string {
    task.log.error({ currency, known: ['EUR', 'JPY'] }, 'no rate for this currency');
    if (currency !== 'EUR') throw new ActivityFailure('UnknownCurrency', `${currency} has no rate`);
    return 'charged';
  }
}

const LOAN = {
  StartAt: 'Check',
  States: {
    Check: { Type: 'Task', Resource: arnOf('Check'), Next: 'Charge' },
    Charge: {
      Type: 'Task',
      Resource: arnOf('Charge'),
      Parameters: { 'amount.$': '$.amount', currency: 'EURO' },
      ResultPath: '$.charge',
      Next: 'Approve',
    },
    Approve: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: { QueueUrl: 'q', MessageBody: { 'token.$': '$$.Task.Token' } },
      ResultPath: '$.approved',
      End: true,
    },
  },
};

withChromium('a developer at the console', () => {
  let tab: Tab;
  let worker: LoggedWorker;

  beforeAll(async () => {
    const schema = inputSchema(definitionOf({ input: OrderInput }));
    tab = await Tab.open(
      executablePath ?? '',
      { schemaFor: (arn) => (arn === arnOf('Check') ? schema : undefined) },
      { mocks: { 'Loan.Approve': { output: {} } } },
    );
    for (const name of ['Check', 'Charge']) tab.service.seedActivity(arnOf(name));
    worker = await LoggedWorker.run(tab.service, { activities: [Check, Charge] });
  });

  afterAll(async () => {
    await worker.stop();
    await tab.close();
  });

  test('starts, sees why it fails, edits, runs from there, approves, and saves a test, by keys alone', async () => {
    const { page, button, dialog, box, node } = tab;
    const press = async (target: Locator, key = 'Enter'): Promise<void> => {
      await tab.tabTo(target);
      await page.keyboard.press(key);
    };
    /** Goes to the graph with the Tab key, and along its lines with the arrow key. */
    const pick = async (name: string): Promise<void> => {
      await tab.tabTo(page.locator('[data-state][tabindex="0"]'));
      while (!(await tab.hasFocus(node(name)))) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
    };
    await tab.go(`machines/${tab.machine('Loan', LOAN)}`);
    await press(button('Start execution'));
    await tab.tabTo(dialog().getByRole('textbox', { name: 'customer', exact: true }));
    await page.keyboard.press('Control+a');
    await page.keyboard.type('Ann');
    await tab.tabTo(dialog().getByLabel('amount'));
    await page.keyboard.press('Control+a');
    await page.keyboard.type('12.5');
    await press(dialog().getByRole('button', { name: 'Start', exact: true }));
    await tab.status('FAILED');

    await pick('Charge');
    await press(button(/lines? in the log$/));
    const lines = page.getByRole('log', { name: 'Log lines of the task' });
    await lines.getByText('no rate for this currency').waitFor();
    expect(await lines.innerText()).toContain('"known":["EUR","JPY"]');
    const failed = page.url();

    await press(page.getByRole('link', { name: 'Edit the definition' }));
    const editor = box(/^Definition/);
    await tab.tabTo(editor);
    await tab.fill(editor, JSON.stringify(LOAN, null, 2).replace('"EURO"', '"EUR"'));
    await press(button('Save'));
    await dialog().getByText('The definition is saved.').waitFor();
    await press(dialog().getByRole('button', { name: 'Cancel' }));
    await dialog().waitFor({ state: 'detached' });

    await page.goto(failed);
    await tab.status('FAILED');
    await pick('Charge');
    await press(button('Other ways to run it again'));
    await press(page.getByRole('menuitem', { name: /^Run from Charge/ }));
    await press(dialog().getByRole('button', { name: 'Run', exact: true }));
    await tab.progress('Charge', 'succeeded');
    await pick('Approve');
    await press(button('Answer it'));
    await tab.fill(box(/^Output/), '{"by":"Bob"}');
    await press(button('Answer').last());
    await tab.status('SUCCEEDED');
    await press(button('Close'));
    const output = page.getByRole('region', { name: 'Output of the execution' });
    expect(await output.innerText()).toMatch(/"by": "Bob"/);

    const download = page.waitForEvent('download');
    await press(button('More'));
    await press(page.getByRole('menuitem', { name: /^Save as a test/ }));
    const source = await readFile(await (await download).path(), 'utf8');
    expect(source).toMatch(
      /await task1\.succeed\("charged"\);[\s\S]*await task2\.succeed\(\{ "by": "Bob" \}\)/,
    );
    await runSource(source);
    expect(tab.broken).toEqual([]);
  });
});
