import type { Page } from 'playwright-core';
import { call, type Scene } from './scene.js';

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

export const VIEWS: readonly View[] = [
  view('machines', () => 'machines'),
  view('machine', ({ machine }) => `machines/${machine}`),
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
    'start',
    ({ machine }) => `machines/${machine}`,
    async (page) => {
      await page.getByRole('button', { name: 'Start execution' }).click();
      await page.locator('.cm-content').waitFor();
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
    'keys',
    () => 'machines',
    async (page) => page.keyboard.press('?'),
  ),
  view('activities', () => 'activities'),
  view('workers', () => 'workers'),
  view('worker', () => `workers/${encodeURIComponent('10.0.12.32:8080')}`),
  view(
    'hand',
    () => 'activities',
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
