import type { Browser, Locator, Page } from 'playwright-core';
import { startLocalService } from 'stepwright/local';
import { say, wrong } from './report.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:HelloWorld';
const DEFINITION = JSON.stringify({
  StartAt: 'First',
  States: {
    First: { Type: 'Pass', Next: 'Hello' },
    Hello: { Type: 'Task', Resource: ARN, HeartbeatSeconds: 60, End: true },
  },
});

/** More steps than any of these pages takes. */
const MOST_TABS = 60;

/** Checks that the whole flow works without a mouse: nothing is clicked here, and everything is reached by keys. */
export async function checkKeyboard(browser: Browser): Promise<void> {
  say('Keyboard alone: create, define, start, stop, run again, take by hand, answer');
  const service = await startLocalService({ port: 0, console: true });
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  page.setDefaultTimeout(10_000);
  try {
    await page.goto(service.url);
    await wholeFlow(page);
    say('  done');
  } catch (error) {
    wrong(`the flow by keyboard: ${String(error)}`);
  }
  await page.context().close();
  await service.close();
}

async function wholeFlow(page: Page): Promise<void> {
  const { keyboard } = page;
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  const dialog = page.getByRole('dialog');
  const use = async (target: Locator): Promise<void> => {
    await reach(page, target);
    await keyboard.press('Enter');
  };
  const write = async (target: Locator, text: string): Promise<void> => {
    await reach(page, target);
    await keyboard.press('Control+a');
    await keyboard.insertText(text);
  };
  await use(page.getByRole('link', { name: 'Activities' }));
  await write(page.getByRole('textbox', { name: 'Name of a new activity' }), 'HelloWorld');
  await keyboard.press('Enter');
  await page.getByRole('link', { name: 'HelloWorld' }).waitFor();
  await use(page.getByRole('link', { name: 'Machines' }).first());
  await use(page.getByRole('link', { name: 'New machine' }));
  await write(page.getByRole('textbox', { name: 'Name' }), 'Hello');
  await write(page.getByRole('textbox', { name: /^Definition/ }), DEFINITION);
  await page.locator('[data-state="Hello"]').waitFor();
  await use(button('Create'));
  await use(button('Start execution'));
  await write(dialog.getByRole('textbox', { name: 'Input, as JSON' }), '{"who":"hoge"}');
  await use(dialog.getByRole('button', { name: 'Start', exact: true }));
  await page.locator('[data-progress="queued"]').waitFor();
  await use(button('Stop'));
  await use(dialog.getByRole('button', { name: 'Stop execution' }));
  await page.locator('.facts [data-status="ABORTED"]').waitFor();
  await use(button('Run again'));
  await use(dialog.getByRole('button', { name: 'Run again', exact: true }));
  await page.locator('[data-progress="queued"]').waitFor();
  // Into the graph, along its line, and the state is selected.
  await reach(page, page.locator('[data-state="First"]'));
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await use(button('Take this task by hand'));
  await write(page.getByRole('textbox', { name: 'Output, as JSON' }), '{"message":"hi"}');
  await use(button('Answer'));
  await page.locator('.facts [data-status="SUCCEEDED"]').waitFor();
}

/** Goes from stop to stop until the target has the focus. */
async function reach(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let i = 0; i < MOST_TABS; i++) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${String(target)} is not reached by ${MOST_TABS} steps of Tab`);
}
