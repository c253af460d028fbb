import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { findChromium } from './chromium.js';
import { call } from './scene.js';
import { Tab } from './tab.js';

// A page is drawn without a graphics card, on a machine that may be busy.
jest.setTimeout(180_000);

const executablePath = findChromium();
const withChromium = executablePath === undefined ? describe.skip : describe;

const MAIL = 'arn:aws:states:us-east-1:123456789012:activity:Mail';
const NAMES = 'Receive,Validate,Reserve,Charge,Book,Invoice,Label,Pack,Hand over,Tell'.split(',');

/** Ten states, of which the second assigns a variable and the last is a task. */
function tenStates(address = '$.address'): object {
  const passes = NAMES.slice(0, -1).map((name, at) => [
    name,
    { Type: 'Pass', ...(at === 1 && { Assign: { 'order.$': '$.order' } }), Next: NAMES[at + 1] },
  ]);
  const tell = { Type: 'Task', Resource: MAIL, Parameters: { 'to.$': address }, End: true };
  return { StartAt: NAMES[0], States: { ...Object.fromEntries(passes), Tell: tell } };
}

/** A screen in CSS pixels. That of 720 px is one of 1440 px whose browser shows everything twice as large. */
const SCREENS = {
  'a desk': { width: 1_440, height: 900 },
  'a small screen': { width: 1_024, height: 768 },
  'a desk at 200 %': { width: 720, height: 450 },
  'a telephone': { width: 390, height: 844 },
};

/** The controls of the page, or of the open dialog or menu, of which a part can't be seen or pointed at. */
const CLIPPED = `(() => {
  const top = document.querySelector('dialog[open], :popover-open') ?? document;
  const visible = (each) => each.checkVisibility() && each.closest('.sr') === null;
  return [...top.querySelectorAll('button, a, input, select, textarea, summary')].filter(visible).flatMap((each) => {
    const box = each.getBoundingClientRect();
    for (let around = each.parentElement; around; around = around.parentElement) {
      const { overflowX } = getComputedStyle(around);
      const frame = around.getBoundingClientRect();
      // What scrolls by design: the graph, the tables' rows, tables that are wider than a telephone.
      if (around.matches('.graph-view, .rows .view, .table-frame')) return [];
      if (overflowX !== 'visible' && (box.left < frame.left - 1 || box.right > frame.right + 1))
        return [each.outerHTML.slice(0, 120)];
    }
    return box.left < 0 || box.right > innerWidth + 1 ? [each.outerHTML.slice(0, 120)] : [];
  });
})()`;

withChromium('a failed execution on one screen', () => {
  let tab: Tab;
  let clicks = 0;
  let stateMachineArn = '';

  beforeAll(async () => {
    tab = await Tab.open(executablePath ?? '', true);
    tab.service.seedActivity(MAIL);
  });
  afterAll(() => tab?.close());

  const click = async (target: Locator): Promise<void> => {
    await target.click();
    clicks++;
  };
  const answer = async (name: string, request: object): Promise<void> => {
    const { taskToken } = await call(tab.service.url, 'GetActivityTask', {
      activityArn: MAIL,
      workerName: 'mail-1',
    });
    await call(tab.service.url, name, { taskToken, ...request });
  };
  /** Starts an execution of the ten states that fails in the last one. Returns its ARN. */
  const fail = async (name: string, cause = 'ada@example is no address'): Promise<string> => {
    stateMachineArn ||= tab.machine('Order', tenStates());
    const input = JSON.stringify({ order: 17, address: 'ada@example' });
    const { executionArn = '' } = await call(tab.service.url, 'StartExecution', {
      stateMachineArn,
      name,
      input,
    });
    await answer('SendTaskFailure', { error: 'NoAddress', cause });
    return executionArn;
  };
  /** Types a text in place of what has the focus, as a person does who sees the cursor there. */
  const overwrite = async (text: string): Promise<void> => {
    await tab.page.locator('.cm-content:focus').waitFor();
    await tab.page.keyboard.press('Control+a');
    await tab.page.keyboard.insertText(text);
  };
  const inputSent = async (): Promise<string> => {
    await tab.button('Close').click();
    return tab.page.getByRole('region', { name: 'Input of the execution' }).innerText();
  };

  test('error, graph, chosen state and timeline of ten states are seen at 1440 × 900 without scrolling', async () => {
    const { page } = tab;
    await page.setViewportSize(SCREENS['a desk']);
    await tab.go(`executions/${encodeURIComponent(await fail('seen'))}`);
    await tab.status('FAILED');
    const seen = [
      page.getByRole('region', { name: 'Error' }),
      page.getByText('ada@example is no address').first(),
      page.getByRole('region', { name: 'Graph' }),
      ...NAMES.map((name) => tab.node(name)),
      page.getByRole('region', { name: 'Time' }),
      ...NAMES.map((name) => page.getByRole('region', { name: 'Time' }).getByRole('button', { name })),
      page.getByRole('region', { name: 'State Tell' }),
      page.getByRole('heading', { name: 'Tell', exact: true }),
      page.getByRole('region', { name: 'State Tell' }).getByText('mail-1'),
      page.getByRole('tab', { name: 'Events' }),
    ];
    await tab.node('Tell').waitFor();
    for (const each of seen) {
      const whole = await each.evaluate((element) => {
        const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
        const at = element.ownerDocument.elementFromPoint(left + width / 2, top + height / 2);
        const view = element.ownerDocument.defaultView;
        return {
          isInside:
            top >= 0 && left >= 0 && bottom <= (view?.innerHeight ?? 0) && right <= (view?.innerWidth ?? 0),
          isOnTop: element.contains(at),
        };
      });
      expect({ each: String(each), ...whole }).toEqual({ each: String(each), isInside: true, isOnTop: true });
    }
    expect(await page.evaluate('scrollY')).toBe(0);
    // The ruler has several marks, and the bars have lines below them.
    expect(await page.locator('.ruler div span').count()).toBeGreaterThan(2);
  });

  test('a long cause takes no room from the graph, and can be read beside the state', async () => {
    const { page } = tab;
    await page.setViewportSize(SCREENS['a desk']);
    await tab.go(`executions/${encodeURIComponent(await fail('long', 'why '.repeat(5_000)))}`);
    await tab.status('FAILED');
    const height = (name: string): Promise<number> =>
      page.getByRole('region', { name }).evaluate((element) => element.getBoundingClientRect().height);
    expect(await height('Error')).toBeLessThan(120);
    expect(await height('Graph')).toBeGreaterThan(480);
    expect(await height('State Tell')).toBeGreaterThan(200);
    const state = page.getByRole('region', { name: 'State Tell' });
    expect((await state.innerText()).split('why').length).toBeGreaterThan(5_000);
    expect(await tab.findings()).toEqual([]);
  });

  test('why it failed, and again with another input, takes four clicks', async () => {
    const { page } = tab;
    const failed = await fail('four');
    await page.goto(tab.service.url);
    clicks = 0;
    await click(page.getByRole('navigation').getByRole('link', { name: 'Executions' }));
    await click(page.getByRole('link', { name: 'four' }));
    await page.getByText('ada@example is no address').first().waitFor();
    await click(tab.button('Run again'));
    await overwrite('{"order":17,"address":"ada@example.org"}');
    await click(tab.dialog().getByRole('button', { name: 'Run again' }));
    await page.waitForURL((url) => !url.href.includes(encodeURIComponent(failed)));
    await answer('SendTaskSuccess', { output: '{}' });
    await tab.status('SUCCEEDED');
    expect(clicks).toBe(4);
    expect(await page.getByRole('region', { name: 'Input of the execution' }).innerText()).toContain(
      'ada@example.org',
    );
  });

  test('why it failed, and again with a mended definition, takes five clicks', async () => {
    const { page } = tab;
    const failed = await fail('five');
    await page.goto(tab.service.url);
    clicks = 0;
    await click(page.getByRole('navigation').getByRole('link', { name: 'Executions' }));
    await click(page.getByRole('link', { name: 'five' }));
    await page.getByText('ada@example is no address').first().waitFor();
    await click(page.getByRole('link', { name: 'Edit the definition' }));
    await overwrite(JSON.stringify(tenStates("States.Format('{}.org', $.address)"), null, 2));
    await click(tab.button('Save'));
    await tab.dialog().getByText('The definition is saved.').waitFor();
    await click(tab.dialog().getByRole('button', { name: 'Run again' }));
    await page.waitForURL(/executions/);
    expect(page.url()).not.toContain(encodeURIComponent(failed));
    await answer('SendTaskSuccess', { output: '{}' });
    await tab.status('SUCCEEDED');
    expect(clicks).toBe(5);
    await tab.node('Tell').click();
    await page.getByRole('tab', { name: 'Input and output' }).click();
    const given = page.getByRole('region', { name: 'Input of the task of Tell' });
    expect(await given.innerText()).toContain('ada@example.org');
    expect(await inputSent()).not.toContain('.org');
  });

  test('the other ways are in one menu that says what each does, and a way that is not open why', async () => {
    const { page } = tab;
    const ways = async (): Promise<string[]> => {
      await tab.button('Other ways to run it again').click();
      const items = page.getByRole('menuitem');
      await items.first().waitFor();
      const texts = await items.allInnerTexts();
      expect(await tab.findings()).toEqual([]);
      await page.keyboard.press('Escape');
      return texts.map((each) => each.replace(/\s+/g, ' '));
    };
    await tab.go(`executions/${encodeURIComponent(await fail('ways'))}`);
    await tab.status('FAILED');
    expect(await ways()).toEqual([
      expect.stringMatching(/^Redrive This execution goes on in the states that did not succeed/),
      expect.stringMatching(/^Run from Tell A new execution .* begins in this state/),
    ]);
    // Escape has closed the menu alone, and the focus is where it was.
    await page.getByRole('region', { name: 'State Tell' }).waitFor();
    expect(await tab.hasFocus(tab.button('Other ways to run it again'))).toBe(true);
    await tab.button('Close').click();
    expect((await ways())[1]).toMatch(/^Run from a state Choose a state first/);
    await tab.start(tab.machine('Short', { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }), {});
    await tab.status('SUCCEEDED');
    expect((await ways())[0]).toMatch(/^Redrive Only an execution that failed, timed out or was stopped/);
  });

  test('what is long is in tabs: events, log, variables, the machine; and a chosen state gets the focus', async () => {
    const { page } = tab;
    await page.setViewportSize(SCREENS['a desk']);
    await tab.go(`executions/${encodeURIComponent(await fail('tabs'))}`);
    await page
      .getByRole('region', { name: 'Events' })
      .getByText(/^2\d events$/)
      .waitFor();
    await page.getByRole('tab', { name: 'Variables' }).click();
    const variables = page.getByRole('table', { name: 'Variables' });
    await variables.getByText('17').waitFor();
    expect(await variables.innerText()).toMatch(/order\s+17\s+Validate/);
    await page.getByRole('tab', { name: 'Machine' }).click();
    const definition = page.getByRole('region', { name: 'Definition of the machine' });
    expect(await definition.innerText()).toContain('"StartAt"');
    await page.getByRole('tab', { name: 'Log' }).click();
    await page.getByText('No log lines.').waitFor();
    // Before Validate had ended, there was no variable.
    await tab.node('Validate').click();
    expect(await tab.hasFocus(page.getByRole('heading', { name: 'Validate' }))).toBe(true);
    await page.getByRole('tab', { name: 'Variables' }).click();
    await page.getByText(/^No variables when Validate began/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('The variables as the execution has them now.').waitFor();
    await page.reload();
    await page.getByRole('tab', { name: 'Variables', selected: true }).waitFor();
  });

  test('what is typed in a form is there after leaving it and after a reload, and gone when it is sent', async () => {
    const { page } = tab;
    const editor = tab.box(/^Definition/);
    const machine = '{"StartAt":"Mine","States":{"Mine":{"Type":"Pass","End":true}}}';
    await tab.go('machines/new');
    await tab.box('Name').fill('Drafted');
    await tab.fill(editor, machine);
    await tab.go('executions');
    await page.getByRole('heading', { name: 'Executions', level: 1 }).waitFor();
    await tab.go('machines/new');
    await editor.getByText('"Mine"').first().waitFor();
    await page.reload();
    await editor.getByText('"Mine"').first().waitFor();
    expect(await tab.box('Name').inputValue()).toBe('Drafted');
    await tab.button('Create').click();
    await page.getByRole('heading', { name: 'Drafted' }).waitFor();

    await tab.button('Start execution').click();
    await overwrite('{"typed":1}');
    await page.reload();
    await tab.button('Start execution').click();
    const input = tab.dialog().getByRole('textbox', { name: 'Input, as JSON' });
    await input.getByText('"typed"').waitFor();
    await tab.dialog().getByRole('button', { name: 'Start', exact: true }).click();
    await tab.status('SUCCEEDED');

    await page.getByRole('link', { name: 'Edit the definition' }).click();
    await overwrite(machine.replaceAll('Mine', 'Yours'));
    await page.getByRole('link', { name: 'Drafted', exact: true }).click();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await editor.getByText('"Yours"').first().waitFor();
    await page.reload();
    await editor.getByText('"Yours"').first().waitFor();
    await tab.button('Discard changes').click();
    await editor.getByText('"Mine"').first().waitFor();
    await tab.go('machines/new');
    await editor.getByText('"Hello"').first().waitFor();
    expect(await tab.box('Name').inputValue()).toBe('');
  });

  test.each(Object.entries(SCREENS))('%s cuts nothing off, and axe finds nothing', async (_, screen) => {
    const { page } = tab;
    await page.setViewportSize(screen);
    await tab.go(`executions/${encodeURIComponent(await fail(`at-${screen.width}`))}`);
    await tab.status('FAILED');
    const look = async (what: string): Promise<void> => {
      const found = {
        widest: await page.evaluate('document.documentElement.scrollWidth'),
        clipped: await page.evaluate(CLIPPED),
        axe: await tab.findings(),
      };
      expect({ what, ...found }).toEqual({ what, widest: screen.width, clipped: [], axe: [] });
    };
    await look('the page');
    for (const name of ['Log', 'Variables', 'Machine', 'Events']) {
      await page.getByRole('tab', { name }).click();
      await look(name);
    }
    await tab.button('More').click();
    await look('the menu');
    await page.keyboard.press('Escape');
    await tab.button('Run again').click();
    await page.locator('.cm-content:focus').waitFor();
    await look('the dialog');
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Edit the definition' }).click();
    await page.locator('.cm-content:focus').waitFor();
    await look('the editor');
    expect(tab.broken).toEqual([]);
  });
});
