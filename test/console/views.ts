import type { Page } from 'playwright-core';
import { ACTIVITIES, call, seedForm, type Scene } from './scene.js';

/** A view of the console, brought to where it is worth a look. */
export interface View {
  readonly name: string;
  open(page: Page, scene: Scene): Promise<void>;
}

const view = (
  name: string,
  path: (scene: Scene) => string,
  before?: (page: Page, scene: Scene) => Promise<void>,
): View => ({
  name,
  async open(page, scene) {
    await page.goto(`${scene.service.url}/#/${path(scene)}`);
    await page.locator('h1').waitFor();
    await before?.(page, scene);
    // Leaves time for the data of the selected state to arrive.
    await page.waitForTimeout(400);
  },
});

const state = (name: string) => async (page: Page) => {
  await page.locator(`[data-state="${name}"]`).first().dispatchEvent('click');
};

/** Presses a button, and waits for what it opens. */
const press = (name: string | RegExp, opened: string) => async (page: Page) => {
  await page.getByRole('button', { name, exact: true }).first().click();
  await page.locator(opened).first().waitFor();
};

export const VIEWS: readonly View[] = [
  view('machines', () => 'machines'),
  view('machine', ({ machine }) => `machines/${machine}`),
  view('machine-state', ({ machine }) => `machines/${machine}?state=Check+stock`),
  view('machine-versions', ({ machine }) => `machines/${machine}?tab=versions`),
  view(
    'edit',
    ({ machine, running }) => `machines/${machine}/edit?again=${encodeURIComponent(running)}`,
    async (page) => {
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText('{"StartAt":"Greet","States":{"Greet":{"Type":"Pass","End":true}}}');
      await page.locator('[data-state="Greet"]').waitFor();
    },
  ),
  view('new-machine', ({ machine }) => `machines/new?from=${machine}`),
  view(
    'new-machine-wrong',
    () => 'machines/new',
    async (page) => {
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText(
        '{\n  "StartAt": "Greet",\n  "States": {\n    "Greet": { "Type": "Tusk", "End": true }\n  }\n}',
      );
      await page.locator('.problems li').first().waitFor();
    },
  ),
  view('executions', () => 'executions'),
  view(
    'executions-chosen',
    () => 'executions',
    async (page) => {
      await page.getByRole('checkbox', { name: 'Choose order-8007' }).check();
      await press('Run again', 'dialog')(page);
    },
  ),
  view('execution', ({ running }) => `executions/${running}`, state('Print label')),
  view('execution-map', ({ running }) => `executions/${running}`, state('For each parcel')),
  view('execution-retried', ({ running }) => `executions/${running}`, state('Check stock')),
  view(
    'execution-data',
    ({ running }) => `executions/${running}`,
    async (page) => {
      await state('Charge card')(page);
      await page.getByRole('tab', { name: 'Input and output' }).click();
      await page.locator('.fold').first().click();
    },
  ),
  view('execution-failed', ({ failed }) => `executions/${failed}`),
  view(
    'execution-log',
    ({ running }) =>
      `executions/${running}?more=log&state=Print+label&iteration=${encodeURIComponent('For each parcel=9')}`,
    async (page) => page.getByText('the paper ends soon').waitFor(),
  ),
  view(
    'run-from',
    ({ running }) => `executions/${running}?state=Check+stock`,
    async (page) => {
      await press('Other ways to run it again', '[role=menu]:popover-open')(page);
      await page.getByRole('menuitem', { name: /^Run from/ }).click();
      await page.locator('dialog .cm-content').waitFor();
    },
  ),
  view(
    'test-state',
    ({ running }) => `executions/${running}?state=Check+stock`,
    async (page) => {
      await press('Test', 'dialog .cm-content')(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Test', exact: true }).click();
      await page.getByRole('region', { name: 'Result of the test' }).waitFor();
    },
  ),
  view(
    'copy-as',
    ({ running }) => `executions/${running}`,
    async (page) => {
      await press('More', '[role=menu]:popover-open')(page);
      await page.getByRole('menuitem', { name: /^Copy as/ }).click();
      await page.locator('dialog .json').first().waitFor();
    },
  ),
  view(
    'execution-ways',
    ({ failed }) => `executions/${failed}`,
    press('Other ways to run it again', '[role=menu]:popover-open'),
  ),
  view('execution-variables', ({ running }) => `executions/${running}?more=variables`),
  view('execution-machine', ({ running }) => `executions/${running}?more=machine`),
  view(
    'start',
    ({ machine }) => `machines/${machine}`,
    async (page) => {
      await page.getByRole('button', { name: 'Start execution' }).click();
      await page.locator('.cm-content').waitFor();
    },
  ),
  view(
    'start-form',
    ({ service }) => `machines/${seedForm(service)}`,
    async (page) => {
      await press('Start execution', 'dialog form')(page);
      await page.getByLabel('names').fill('[""]');
      await page.getByText(/The worker will refuse this input/).waitFor();
    },
  ),
  view(
    'stop',
    ({ running }) => `executions/${running}`,
    async (page) => page.getByRole('button', { name: 'Stop' }).click(),
  ),
  view(
    'go',
    ({ running }) => `executions/${running}`,
    async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /^Go to/ }).fill('o');
      await page.getByRole('option', { name: /Order/ }).first().waitFor();
    },
  ),
  view(
    'activities',
    () => 'activities',
    async (page) => page.locator('tbody tr').first().waitFor(),
  ),
  view(
    'activity',
    () => `activities/${ACTIVITIES.label}`,
    async (page) => page.locator('.traffic').waitFor(),
  ),
  view('activity-delete', () => `activities/${ACTIVITIES.label}`, press('Delete', 'dialog')),
  view('workers', () => 'workers'),
  view('worker', () => `workers/${encodeURIComponent('10.0.12.32:8080')}`),
  view(
    'hand',
    () => `activities/${ACTIVITIES.check}`,
    async (page, { service, machine }) => {
      await call(service.url, 'StartExecution', {
        stateMachineArn: machine,
        input: '{"order":9001,"parcels":[]}',
      });
      await page.getByRole('button', { name: 'Take the oldest task by hand' }).first().click();
      await page.locator('.drawer .cm-content').waitFor();
    },
  ),
];
