import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import {
  Activity,
  ActivityFailure,
  createLog,
  createWorker,
  Handle,
  type TaskContext,
  type Worker,
} from 'stepwright';
import { type ConsoleWorker, startLocalService, type LocalService } from 'stepwright/local';
import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';
import { call } from './scene.js';
import { findChromium, startChromium } from './chromium.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(180_000);

const executablePath = findChromium();
// A person must see that it did not run.
if (executablePath === undefined)
  process.stderr.write(
    '\n*** The console is NOT tested: there is no Chromium here (apt-get install chromium, or name one in CHROMIUM) ***\n\n',
  );
const withChromium = executablePath === undefined ? describe.skip : describe;

const arnOf = (name: string): string => `arn:aws:states:ap-northeast-1:123456789012:activity:${name}`;

/** Fails on every tenth item, and on the first try of every seventh. */
@Activity(arnOf('Pack'))
class PackActivity {
  readonly #tried = new Set<number>();

  @Handle({ input: 'any' })
  pack(input: unknown, _task: TaskContext): { packed: number } {
    const { n } = input as { n: number };
    if (n % 10 === 0) throw new ActivityFailure('TooHeavy', `number ${n} is too heavy`);
    if (n % 7 === 0 && !this.#tried.has(n)) {
      this.#tried.add(n);
      throw new ActivityFailure('Busy', 'again');
    }
    return { packed: n };
  }
}

const MAP = {
  StartAt: 'Pack all',
  States: {
    'Pack all': {
      Type: 'Map',
      MaxConcurrency: 0,
      ItemProcessor: {
        StartAt: 'Pack one',
        States: {
          'Pack one': {
            Type: 'Task',
            Resource: arnOf('Pack'),
            Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 1 }],
            Catch: [{ ErrorEquals: ['TooHeavy'], Next: 'Leave it' }],
            End: true,
          },
          'Leave it': { Type: 'Pass', End: true },
        },
      },
      End: true,
    },
  },
};

/** A straight run goes over neither the skip nor the line back. */
const SKIP_AND_BACK = {
  StartAt: 'Read',
  States: {
    Read: { Type: 'Pass', Next: 'Is it known' },
    'Is it known': {
      Type: 'Choice',
      Choices: [{ Variable: '$.known', BooleanEquals: true, Next: 'Again' }],
      Default: 'Learn',
    },
    Learn: { Type: 'Pass', Next: 'Again' },
    Again: {
      Type: 'Choice',
      Choices: [{ Variable: '$.again', BooleanEquals: true, Next: 'Read' }],
      Default: 'Done',
    },
    Done: { Type: 'Succeed' },
  },
};

/** A branch fails, which is caught, and another state ends the execution by its own error. */
const REJECTED = {
  StartAt: 'Reserve all',
  States: {
    'Reserve all': {
      Type: 'Parallel',
      Branches: [{ StartAt: 'Reserve', States: { Reserve: { Type: 'Fail', Error: 'SoldOut' } } }],
      Catch: [{ ErrorEquals: ['SoldOut'], Next: 'Rejected' }],
      End: true,
    },
    Rejected: { Type: 'Fail', Error: 'OrderRejected', Cause: 'It is sold out.' },
  },
};

/** Its name and its troubles are what somebody wrote. */
const ODD_WORKER: ConsoleWorker = {
  name: '<u>worker</u>',
  state: 'running',
  ready: false,
  reasons: ['<b>not</b> ready'],
  handlers: [],
  tasksInFlight: 1,
  tasks: [{ handler: '<i>A</i>.b', ageMs: 1, phase: 'running' }],
  counts: {},
};

const hello = (resource: string): string =>
  JSON.stringify({
    StartAt: 'Hello',
    States: { Hello: { Type: 'Task', Resource: resource, HeartbeatSeconds: 60, End: true } },
  });

withChromium('in a real Chromium', () => {
  let browser: Browser;
  let page: Page;
  let service: LocalService;
  const workers: Worker[] = [];
  const broken: string[] = [];

  beforeAll(async () => {
    execFileSync(process.execPath, ['src/console/build.mjs', '--strict']);
    service = await startLocalService({
      port: 0,
      console: { workers: () => [ODD_WORKER], exampleFor: () => '{"who":"an example"}' },
    });
    browser = await startChromium(executablePath ?? '');
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      reducedMotion: 'reduce',
    });
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    // Whatever the page asks of anybody else, and whatever its policy stops, is a failure.
    page.on('request', (request) => request.url().startsWith(service.url) || broken.push(request.url()));
    page.on('console', (message) => message.type() === 'error' && broken.push(message.text()));
    page.on('pageerror', (error) => broken.push(error.message));
  });

  afterAll(async () => {
    service?.endPolls();
    for (const worker of workers) await worker.stop();
    await browser?.close();
    await service?.close();
  });

  const open = (path: string): Promise<unknown> => page.goto(`${service.url}/#/${path}`);
  const button = (name: string | RegExp): Locator => page.getByRole('button', { name });
  const node = (name: string): Locator => page.locator(`[data-state="${name}"]`);
  /** Puts a text into an editor as a person would who pastes it. */
  const fill = async (editor: Locator, text: string): Promise<void> => {
    await editor.click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(text);
  };
  const progress = async (name: string, stands: string): Promise<void> =>
    page.locator(`[data-state="${name}"][data-progress="${stands}"]`).waitFor();
  const status = (word: string): Promise<void> => page.locator(`.facts [data-status="${word}"]`).waitFor();
  const start = async (input: object): Promise<void> => {
    await button('Start execution').click();
    await fill(page.getByRole('textbox', { name: 'Input, as JSON' }), JSON.stringify(input));
    await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('.facts').waitFor();
  };

  test('the first flow, by hand: create, define, start, hang, stop, run again, answer', async () => {
    await page.goto(service.url);
    await page.getByRole('link', { name: 'Activities' }).click();
    await page.getByRole('textbox', { name: 'Name of a new activity' }).fill('HelloWorld');
    await button('Create activity').click();
    await page.getByRole('link', { name: 'HelloWorld' }).waitFor();

    await page.getByRole('link', { name: 'Machines' }).first().click();
    await page.getByRole('link', { name: 'New machine' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Hello');
    const editor = page.getByRole('textbox', { name: /^Definition/ });
    await fill(editor, '{"StartAt":"Hello","States":{"Hello":{"Type":"Tusk","End":true}}}');
    await page.getByText(/Line 1: .*'Type' should have one of these values/).waitFor();
    expect(await button('Create').isDisabled()).toBe(true);
    await fill(editor, hello('arn:aws:states:us-east-1:123456789012:activity:HelloWorld'));
    await node('Hello').waitFor();
    await button('Create').click();

    await start({ who: 'hoge' });
    await progress('Hello', 'queued');
    expect(await node('Hello').innerText()).toMatch(/Queued.*no worker/);
    await node('Hello').click();
    await page.getByText('Queued: no worker has taken it.').waitFor();

    await button('Stop').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: /^Cause/ }).fill('nobody is there');
    await dialog.getByRole('button', { name: 'Stop execution' }).click();
    await status('ABORTED');
    await page.getByText('nobody is there').first().waitFor();
    await progress('Hello', 'aborted');

    const stopped = page.url();
    await button('Run again').click();
    expect(await dialog.getByRole('textbox', { name: 'Input, as JSON' }).innerText()).toContain('"hoge"');
    await dialog.getByRole('button', { name: 'Run again', exact: true }).click();
    await page.waitForURL((url) => url.href !== stopped);
    await progress('Hello', 'queued');
    await node('Hello').click();
    await button('Take this task by hand').click();
    await progress('Hello', 'leased');
    expect(await node('Hello').innerText()).toContain('Leased by console');
    await page.getByText('This page sends heartbeats').waitFor();
    await fill(page.getByRole('textbox', { name: 'Output, as JSON' }), '{"message":"Hello, hoge"}');
    await button('Answer').click();
    await status('SUCCEEDED');
    await progress('Hello', 'succeeded');
    await button('Close').click();
    expect(await page.getByRole('region', { name: 'Output of the execution' }).innerText()).toContain(
      'Hello, hoge',
    );
    expect(await page.getByRole('table', { name: 'Events' }).innerText()).toContain('by console');
  });

  test('with a real worker: green, red with its violations, a Map that catches in part, a Retry', async () => {
    const config = { endpoint: service.url, workerName: 'e2e-worker', drain: 'run' as const };
    const activities = [HelloWorldActivity, PackActivity];
    for (const arn of [arnOf('HelloWorldActivity'), arnOf('Pack')]) service.seedActivity(arn);
    const machine = service.seedMachine({ name: 'Greet', definition: hello(arnOf('HelloWorldActivity')) });
    const map = service.seedMachine({ name: 'PackAll', definition: JSON.stringify(MAP) });
    const worker = await createWorker(
      { ...config, activities, concurrency: 20 },
      { log: createLog({ level: 'error' }) },
    );
    workers.push(worker);
    void worker.run();

    await open('activities');
    await page.getByRole('link', { name: 'HelloWorldActivity' }).click();
    await page.getByText('e2e-worker').first().waitFor();

    await open(`machines/${machine}`);
    await start({ who: 'hoge' });
    await status('SUCCEEDED');
    await progress('Hello', 'succeeded');
    expect(await page.getByRole('region', { name: 'Output of the execution' }).innerText()).toContain('hoge');

    await open(`machines/${machine}`);
    await start({ who: '' });
    await status('FAILED');
    await progress('Hello', 'failed');
    const violations = page.getByRole('table', { name: 'Violations' });
    expect(await violations.innerText()).toMatch(/who\s+isNotEmpty\s+.*should not be empty/);

    await open(`machines/${map}`);
    await start(Array.from({ length: 200 }, (_, n) => ({ n })));
    await status('SUCCEEDED');
    await progress('Pack one', 'caught');
    await node('Pack all').click({ position: { x: 9, y: 9 } });
    const details = page.getByRole('region', { name: 'State Pack all' });
    expect(await details.innerText()).toMatch(/200 iterations\s+180 succeeded\s+20 caught an error/);
    await details.getByRole('spinbutton', { name: 'Iteration' }).fill('7');
    await progress('Pack one', 'succeeded');
    await node('Pack one').click();
    const attempts = page.getByRole('region', { name: 'State Pack one' });
    expect(await attempts.innerText()).toMatch(
      /Attempts \(2\)[\s\S]*e2e-worker[\s\S]*Busy[\s\S]*e2e-worker[\s\S]*Succeeded/,
    );
  });

  test('the lines that an execution took are marked, and no others', async () => {
    const machine = service.seedMachine({ name: 'Skip', definition: JSON.stringify(SKIP_AND_BACK) });
    await open(`machines/${machine}`);
    await start({ known: false, again: false });
    await status('SUCCEEDED');
    const took = async (line: string, times: number): Promise<void> =>
      page.locator(`[data-line="${line}"][data-times="${times}"]`).waitFor({ state: 'attached' });
    await took('Again Done default', 1);
    await took('Is it known Again choice', 0);
    await took('Again Read choice', 0);
    expect(await page.locator('.line').count()).toBe(8);
    expect(await page.locator('.line.taken').count()).toBe(6);
  });

  test('the error of an execution names the state that ended it, not one whose error was caught', async () => {
    const machine = service.seedMachine({ name: 'Rejected', definition: JSON.stringify(REJECTED) });
    await open(`machines/${machine}`);
    await start({});
    await status('FAILED');
    const banner = page.getByRole('region', { name: 'Error' });
    expect(await banner.getByRole('heading').innerText()).toMatch(/OrderRejected\s*in Rejected/);
  });

  test('a task is taken by hand from its own execution, and can be answered after a reload', async () => {
    const activity = arnOf('ByHand');
    service.seedActivity(activity);
    const definition = hello(activity);
    const stateMachineArn = service.seedMachine({ name: 'ByHand', definition });
    const run = async (name: string): Promise<string> =>
      (await call(service.url, 'StartExecution', { stateMachineArn, name, input: '{}' }))['executionArn'] ??
      '';
    const older = await run('older');
    const newer = await run('newer');
    await open(`executions/${encodeURIComponent(newer)}`);
    await node('Hello').click();
    await button('Take this task by hand').click();
    expect(await page.getByRole('complementary').innerText()).toContain('From ByHand:newer at Hello');
    await page.reload();
    await node('Hello').click();
    await button('Answer it').click();
    await fill(page.getByRole('textbox', { name: 'Output, as JSON' }), '{"by":"hand"}');
    await button('Answer').click();
    await status('SUCCEEDED');
    await open(`executions/${encodeURIComponent(older)}`);
    await progress('Hello', 'queued');
    await call(service.url, 'StopExecution', { executionArn: older });
    await status('ABORTED');
  });

  test('the start dialog offers an example only to an activity that gets the input', async () => {
    const activity = arnOf('Example');
    service.seedActivity(activity);
    /** Opens the dialog of a new machine. Returns how often the page asked for the input of a handler. */
    const asked = async (name: string, first: object): Promise<number> => {
      const States = {
        First: { ...first, Next: 'Work' },
        Work: { Type: 'Task', Resource: activity, End: true },
      };
      const machine = service.seedMachine({ name, definition: JSON.stringify({ StartAt: 'First', States }) });
      await open(`machines/${machine}`);
      const asks: string[] = [];
      page.on('request', (request) => asks.push(new URL(request.url()).pathname));
      const last = page.waitForResponse(/lastInput/);
      await button('Start execution').click();
      await last;
      return asks.filter((path) => path.endsWith('/handlerInput')).length;
    };
    const dialog = page.getByRole('dialog');
    expect(await asked('TaskFirst', { Type: 'Task', Resource: activity })).toBe(1);
    await dialog.getByText('an example').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await asked('PassFirst', { Type: 'Pass' })).toBe(0);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await asked('OtherInput', { Type: 'Task', Resource: activity, Parameters: { who: 'x' } })).toBe(0);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  test('an unfolded event keeps long numbers, and a copy that the browser refuses is no success', async () => {
    const definition = JSON.stringify({ StartAt: 'S', States: { S: { Type: 'Succeed' } } });
    const stateMachineArn = service.seedMachine({ name: 'Numbers', definition });
    const input = '{"n":12345678901234567890,"x":1.50}';
    const { executionArn = '' } = await call(service.url, 'StartExecution', { stateMachineArn, input });
    await open(`executions/${encodeURIComponent(executionArn)}`);
    await button('Event 1').click();
    const event = page.getByRole('region', { name: 'Event 1' });
    expect(await event.innerText()).toMatch(/"n": 12345678901234567890,\s+"x": 1\.50/);
    await page.evaluate(
      "Object.defineProperty(navigator, 'clipboard', { value: { writeText: () => Promise.reject(new Error('no')) } })",
    );
    await button('Copy Event 1').click();
    await page.getByTitle('The browser refused to copy it').waitFor();
  });

  test('Fit shows the whole of a long machine, and a state that is selected comes into view', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `Step ${at}`);
    const states = names.map((name, at) => [
      name,
      { Type: 'Pass', ...(at < 39 ? { Next: names[at + 1] } : { End: true }) },
    ]);
    const definition = JSON.stringify({ StartAt: 'Step 0', States: Object.fromEntries(states) });
    const stateMachineArn = service.seedMachine({ name: 'Long', definition });
    const { executionArn = '' } = await call(service.url, 'StartExecution', { stateMachineArn, input: '{}' });
    await open(`executions/${encodeURIComponent(executionArn)}`);
    /** Waits until the whole of each state lies inside the view, or until some lies outside of it. */
    const seen = async (name: string, whole: boolean): Promise<void> => {
      const isWhole = `(() => {
        const at = document.querySelector('[data-state="${name}"]').getBoundingClientRect();
        const view = document.querySelector('.graph-view').getBoundingClientRect();
        return at.top >= view.top - 2 && at.bottom <= view.bottom + 2;
      })()`;
      const stop = Date.now() + 10_000;
      while ((await page.evaluate(isWhole)) !== whole && Date.now() < stop)
        await new Promise((next) => setTimeout(next, 50));
      expect([name, await page.evaluate(isWhole)]).toEqual([name, whole]);
    };
    await node('Step 39').waitFor({ state: 'attached' });
    await seen('Step 39', false);
    await page.evaluate("document.querySelector('.timeline-rows').scrollTop = 1e6");
    await page.locator('.timeline-row', { hasText: 'Step 39' }).click();
    await seen('Step 39', true);
    await seen('Step 0', false);
    await button('Fit').click();
    await seen('Step 0', true);
    await seen('Step 39', true);
  });

  test('a stream that is refused says why, and a restarted service shows no event of the one before', async () => {
    const begin = async (port: number, run: number): Promise<[LocalService, string]> => {
      const other = await startLocalService({ port, console: true });
      const definition = JSON.stringify({
        StartAt: 'S',
        States: { S: { Type: 'Wait', Seconds: 3600, End: true } },
      });
      const stateMachineArn = other.seedMachine({ name: 'Again', definition });
      const request = { stateMachineArn, name: 'same', input: `{"run":${run}}` };
      // The first call may be sent on a connection to the service before.
      const start = () => call(other.url, 'StartExecution', request);
      const started = await start().catch(start);
      return [other, started['executionArn'] ?? ''];
    };
    const [first, arn] = await begin(0, 1);
    const tab = await browser.newPage();
    try {
      const path = `${first.url}/#/executions/${encodeURIComponent(arn)}`;
      const stream = (_: unknown, n: number) =>
        fetch(`${first.url}/console/api/stream?key=another-browser-${n}`);
      // The answers are kept in a variable, since fetch closes the connection of an answer that is garbage.
      const streams = await Promise.all(Array.from({ length: 64 }, stream));
      await tab.goto(path);
      await tab.getByText('The service serves 64 browsers at most').waitFor();
      await Promise.all(streams.map(async ({ body }) => body?.cancel()));
      await tab.getByRole('button', { name: 'Event 1' }).click();
      const event = tab.getByRole('region', { name: 'Event 1' });
      await event.getByText('"run": 1').waitFor();
      await tab.goto(`${path}?event=1&events=errors&find=nothing`);
      await tab.getByText('No event matches.').waitFor();
      await tab.goto(`${path}?event=1`);
      await event.getByText('"run": 1').waitFor();
      await first.close();
      const [second] = await begin(first.port, 2);
      // The event is in the URL, and stays open.
      await event.getByText('"run": 2').waitFor();
      expect(await event.innerText()).not.toContain('"run": 1');
      await second.close();
    } finally {
      await tab.close();
      await first.close();
    }
  });

  test('twelve windows of a browser are live, and all of them notice a restart of the service', async () => {
    const definition = JSON.stringify({
      StartAt: 'S',
      States: { S: { Type: 'Wait', Seconds: 3600, End: true } },
    });
    const begin = async (port: number, name: string): Promise<[LocalService, () => Promise<string>]> => {
      const other = await startLocalService({ port, console: true });
      const stateMachineArn = other.seedMachine({ name: 'Windows', definition });
      const run = () => call(other.url, 'StartExecution', { stateMachineArn, name, input: '{}' });
      return [other, async () => (await run().catch(run))['executionArn'] ?? ''];
    };
    const [first, runFirst] = await begin(0, 'of-the-first');
    const context = await browser.newContext();
    const windows = await Promise.all(Array.from({ length: 12 }, () => context.newPage()));
    const each = (act: (window: Page) => Promise<unknown>) => Promise.all(windows.map(act));
    await each((window) => window.goto(`${first.url}/#/executions`));
    await each((window) => window.locator('.lamp.live').waitFor());
    const arn = await runFirst();
    await each((window) => window.getByRole('link', { name: 'of-the-first' }).waitFor());
    // Half of them look at what the service after it does not have.
    const onOne = windows.slice(6);
    await Promise.all(
      onOne.map((window) => window.goto(`${first.url}/#/executions/${encodeURIComponent(arn)}`)),
    );
    await Promise.all(onOne.map((window) => window.locator('.facts').waitFor()));
    await first.close();
    await each((window) => window.locator('.lamp.lost').waitFor());
    const [second, runSecond] = await begin(first.port, 'of-the-second');
    const began = Date.now();
    await each((window) => window.locator('.lamp.live').waitFor());
    process.stderr.write(`all twelve windows noticed the restart after ${Date.now() - began} ms\n`);
    await Promise.all(onOne.map((window) => window.getByText('There is no execution').waitFor()));
    await runSecond();
    const onList = windows.slice(0, 6);
    await Promise.all(onList.map((window) => window.getByRole('link', { name: 'of-the-second' }).waitFor()));
    expect(await Promise.all(windows.map((window) => window.getByText('of-the-first').count()))).toEqual([
      ...onList.map(() => 0),
      ...onOne.map(() => expect.any(Number)),
    ]);
    // A window that was closed is no longer served.
    await context.close();
    await second.close();
  });

  test('whatever users wrote is shown as text, in every view', async () => {
    const state = `<img src=x onerror="hacked=1"> '"\`&amp; 😀 مرحبا`;
    const other = '<script>hacked=1</script>';
    const resource = 'arn:aws:states:us-east-1:123456789012:activity:Ünï-😀-مرحبا';
    const definition = JSON.stringify({
      Comment: '</script><b>bold</b>',
      StartAt: state,
      States: {
        [state]: {
          Type: 'Task',
          Resource: resource,
          Catch: [{ ErrorEquals: ['<i>Odd</i>'], Next: other }],
          End: true,
        },
        [other]: { Type: 'Pass', End: true },
      },
    });
    service.seedActivity(resource);
    const machine = service.seedMachine({ name: 'Ünï-😀-مرحبا', definition });
    const long = '<b>long</b> '.repeat(17_000);
    const input = JSON.stringify({ '<u>key</u>': long, rtl: '\u202Eevil' });
    const executionArn = await call(service.url, 'StartExecution', {
      stateMachineArn: machine,
      name: '😀-مرحبا',
      input,
    });
    const arn = executionArn['executionArn'] ?? '';
    /** Expects the text on the page, and no element that the page could have made of it. */
    const plain = async (text: string): Promise<void> => {
      await page.getByText(text).filter({ visible: true }).first().waitFor();
      const made = '#page :is(img, script, u, s, b:not(.count b), i:not(.swatch))';
      const looked = `[typeof hacked, document.querySelectorAll(${JSON.stringify(made)}).length]`;
      expect(await page.evaluate(looked)).toEqual(['undefined', 0]);
    };
    await open(`machines/${encodeURIComponent(machine)}`);
    await plain(other);
    await page.getByRole('tab', { name: 'Definition' }).click();
    await plain('</script><b>bold</b>');
    await open('executions');
    await plain('😀-مرحبا');
    await open('activities');
    await plain('Ünï-😀-مرحبا');
    await page.getByRole('link', { name: 'Ünï-😀-مرحبا' }).click();
    await button('Take the oldest task by hand').click();
    await plain('<u>key</u>');
    await page.getByRole('radio', { name: 'It failed' }).click();
    await page.getByRole('textbox', { name: 'Error name' }).fill('<s>Bad</s>');
    const violations = [{ path: '<u>p</u>', rule: '<i>r</i>', message: '<b>m</b>' }];
    const cause = JSON.stringify({ errorType: 'x', errorMessage: '<b>no</b>', violations });
    await page.getByRole('textbox', { name: 'Cause' }).fill(cause);
    await button('Answer').click();
    await open(`executions/${encodeURIComponent(arn)}`);
    await plain('<s>Bad</s>');
    await plain('<u>p</u>');
    await page.locator('.node').first().click();
    await plain(state);
    await page.getByRole('tab', { name: 'Input and output' }).click();
    await plain('<u>key</u>');
    await button(/^Show all/)
      .first()
      .click();
    await plain('<b>long</b>');
    await button('Event 2').click();
    await plain('stateEnteredEventDetails');
    await button('Run again').click();
    await page.getByRole('dialog').getByText('<u>key</u>').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await open('workers');
    await plain('<b>not</b> ready');
    await open('machines/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('<s>name</s>');
    await fill(page.getByRole('textbox', { name: /^Definition/ }), definition);
    await plain(state);
    await plain('<i>Odd</i>');
  });

  test('the page asked nobody else for anything, and its policy stopped nothing', () => {
    expect(broken).toEqual([]);
  });
});
