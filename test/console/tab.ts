import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Locator, Page } from 'playwright-core';
import { startLocalService, type LocalService, type LocalServiceOptions } from 'stepwright/local';
import { startChromium } from './chromium.js';
import { call } from './scene.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A tab of Chromium that shows the console of a local service. */
export class Tab {
  /** The requests to others, and the errors, such as what the page's policy has stopped. */
  readonly broken: string[] = [];

  private constructor(
    readonly service: LocalService,
    readonly browser: Browser,
    readonly page: Page,
  ) {}

  static async open(
    executablePath: string,
    options: Exclude<LocalServiceOptions['console'], undefined>,
    further: LocalServiceOptions = {},
  ): Promise<Tab> {
    execFileSync(process.execPath, ['src/console/build.mjs', '--strict']);
    const service = await startLocalService({ port: 0, ...further, console: options });
    const browser = await startChromium(executablePath);
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const tab = new Tab(service, browser, page);
    page.on('request', (request) => request.url().startsWith(service.url) || tab.broken.push(request.url()));
    page.on('pageerror', (error) => tab.broken.push(error.message));
    page.on('console', (message) => {
      // A call that the service refuses is an error in the browser's console too.
      const isRefusal = /status of 400/.test(message.text());
      if (message.type() === 'error' && !isRefusal) tab.broken.push(message.text());
    });
    return tab;
  }

  async close(): Promise<void> {
    this.service.endPolls();
    await this.browser.close();
    await this.service.close();
  }

  go = (path: string): Promise<unknown> => this.page.goto(`${this.service.url}/#/${path}`);
  button = (name: string | RegExp): Locator => this.page.getByRole('button', { name });
  dialog = (): Locator => this.page.getByRole('dialog');
  node = (name: string): Locator => this.page.locator(`[data-state="${name}"]`);
  box = (name: string | RegExp): Locator => this.page.getByRole('textbox', { name });

  machine(name: string, definition: object): string {
    return this.service.seedMachine({ name, definition: JSON.stringify(definition) });
  }

  /** Starts an execution, and opens its page. Returns its ARN. */
  async start(stateMachineArn: string, input: object): Promise<string> {
    const request = { stateMachineArn, input: JSON.stringify(input) };
    const { executionArn = '' } = await call(this.service.url, 'StartExecution', request);
    await this.go(`executions/${encodeURIComponent(executionArn)}`);
    return executionArn;
  }

  async status(word: string): Promise<void> {
    await this.page.locator(`.facts [data-status="${word}"]`).waitFor();
  }

  async progress(name: string, stands: string): Promise<void> {
    await this.page.locator(`[data-state="${name}"][data-progress="${stands}"]`).waitFor();
  }

  /** Puts a text into an editor as a person would who pastes it. */
  async fill(editor: Locator, text: string): Promise<void> {
    await editor.focus();
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.insertText(text);
  }

  hasFocus = (target: Locator): Promise<boolean> =>
    target.evaluate((element) => element === element.ownerDocument.activeElement);

  /** Presses the Tab key until an element has the focus. Fails if it never does. */
  async tabTo(target: Locator): Promise<void> {
    for (let presses = 0; presses < 80; presses++) {
      if (await this.hasFocus(target)) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error('The Tab key does not lead there');
  }

  /** Returns what axe finds on the page, such as a field without a name. */
  async findings(): Promise<string[]> {
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
      'axe.run({ resultTypes: ["violations"] })',
    );
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  }
}
