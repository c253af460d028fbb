import { spawnSync } from 'node:child_process';
import { afterEach, expect, test } from '@jest/globals';
import { Activity, ActivityFailure, Handle, type TaskContext } from 'stepwright';
import { type LocalService, startLocalService } from 'stepwright/local';
import { LoggedWorker } from '../../console/logged-worker.js';
import { runSource } from '../../support/run-source.js';
import type { Bench } from '../service.js';
import { ask, call } from './mcp.js';

const ACTIVITY = 'arn:aws:states:us-east-1:123456789012:activity:Reserve';

@Activity(ACTIVITY)
class Reserve {
  @Handle({ input: 'any', throws: ['OutOfStock'] })
  reserve({ items }: { items?: number }, task: TaskContext): object {
    task.log.info({ items }, 'counting the items');
    if (items === undefined) throw new ActivityFailure('OutOfStock', "the input has no 'items'");
    return { reserved: items };
  }
}

/** The most characters of an answer that was not asked for as a whole document. */
const MOST = 8_000;
/** The tools that return a document by its name. */
const DOCUMENTS = new Set(['read_docs', 'read_machine', 'write_test']);

/** An agent: a program that knows llms.txt, and that calls tools. It reads nothing but the texts of their answers. */
class Agent {
  /** The calls whose answers were too long. */
  readonly tooLong: string[] = [];

  constructor(
    private readonly bench: Bench,
    readonly llms: string,
  ) {}

  /** Calls a tool. @returns its text */
  async use(tool: string, given: object = {}): Promise<string> {
    const text = await call(this.bench, tool, given);
    if (!DOCUMENTS.has(tool) && text.length > MOST) this.tooLong.push(`${tool} ${JSON.stringify(given)}`);
    return text;
  }

  /** Calls a tool until its text has a part. @returns that part */
  async find(part: RegExp, tool: string, given: object = {}): Promise<string> {
    for (let tries = 0; ; tries++) {
      const text = await this.use(tool, given);
      const [found] = part.exec(text) ?? [];
      if (tries > 1_000) throw new Error(`not found ${part} in\n${text}`);
      if (found !== undefined) return found;
    }
  }

  listed = async (): Promise<readonly string[]> =>
    (await ask<{ tools: { name: string }[] }>(this.bench, 'tools/list')).tools.map(({ name }) => name);
}

/** Returns llms.txt, as it is packed. */
function llmsText(): string {
  const code = "import { list } from './src/package/docs.mjs'; process.stdout.write(list('.'));";
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).stdout;
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function openWorld(): Promise<{ agent: Agent; service: LocalService }> {
  const service = await startLocalService({ port: 0, console: true });
  service.seedActivity(ACTIVITY);
  const worker = await LoggedWorker.run(service, { activities: [Reserve], workerName: 'desk-3' });
  ends.push(
    () => worker.stop(),
    () => service.close(),
  );
  return { agent: new Agent({ service } as Bench, llmsText()), service };
}

test('an agent with llms.txt and the tools builds a machine, finds why it fails, mends it, and makes a test of it', async () => {
  const { agent } = await openWorld();
  // llms.txt leads to the page about the tools, and this page names all of them.
  expect(agent.llms).toContain('http://127.0.0.1:8083/mcp');
  const [, about = ''] = /tools[^\n]*\]\((docs\/\w+\.md)\)/.exec(agent.llms) ?? [];
  const page = await agent.use('read_docs', { page: about });
  const names = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
  expect(names.toSorted()).toEqual((await agent.listed()).toSorted());

  // A definition with a mistake, and then with an activity that there is not.
  const task = { Type: 'Task', Resource: `${ACTIVITY}d`, End: true };
  const definition = { StartAt: 'Prepare', States: { Reserve: task } };
  const mistakes = await agent.use('validate_definition', { definition });
  expect(mistakes).toContain('/StartAt');
  const Prepare = { Type: 'Pass', Parameters: { 'count.$': '$.items' }, Next: 'Reserve' };
  const better = { StartAt: 'Prepare', States: { Prepare, Reserve: task } };
  const [, activity] =
    /the activity (\S+) does not exist/.exec(
      await agent.use('validate_definition', { definition: better }),
    ) ?? [];
  expect(activity).toBe(`${ACTIVITY}d`);
  const exists = await agent.use('list', { what: 'activities' });
  const [, right] = /"activity":"([^"]+)"/.exec(exists) ?? [];
  const good = { ...better, States: { Prepare, Reserve: { ...task, Resource: right } } };
  expect(await agent.use('save_machine', { name: 'Shop', definition: good })).toMatch(/^Created \S+$/);

  // The execution fails: where, why, and what the worker said.
  const given = { machine: 'Shop', input: { items: 7 }, waitSeconds: 20 };
  const failed = await agent.use('start_execution', given);
  expect(failed).toMatch(/^FAILED \S+\nerror: OutOfStock\ncause: .*no 'items'/);
  const [, execution = ''] = /^FAILED (\S+)/.exec(failed) ?? [];
  const [, state = ''] = /^failed in: (\w+)$/m.exec(failed) ?? [];
  expect(failed).toMatch(/^its input: \{"count":7\}$/m);
  expect(await agent.find(/^Reserve .*\n.*counting the items.*$/m, 'read_log', { execution, state })).toMatch(
    /^Reserve \(attempt 1\), desk-3:\n +\d+\.\d s {2}\w+ .*/,
  );
  expect(await agent.use('trace_execution', { execution, show: 'trace' })).toContain('Reserve: failed by');

  // The state before it gives the wrong field. The mended one is tested by itself, and then in the machine.
  const read = JSON.parse(await agent.use('read_machine', { machine: 'Shop' })) as typeof good;
  const mended = { ...read.States.Prepare, Parameters: { 'items.$': '$.items' } };
  const fixed = { ...read, States: { ...read.States, Prepare: mended } };
  const tested = await agent.use('test_state', { definition: fixed, state: 'Prepare', input: { items: 7 } });
  expect(JSON.parse(tested)).toMatchObject({ output: '{"items":7}', nextState: 'Reserve' });
  expect(await agent.use('save_machine', { name: 'Shop', definition: fixed })).toMatch(/^Replaced/);
  const again = await agent.use('start_execution', { ...given, name: 'again' });
  expect(again).toMatch(/^SUCCEEDED \S+\noutput: \{"reserved":7\}\n/);
  expect(await agent.use('list', { what: 'executions', error: 'OutOfStock' })).not.toContain('again');

  // The test that it gets passes.
  await runSource(await agent.use('write_test', { execution: 'again' }));
  expect(agent.tooLong).toEqual([]);
});

test('no answer is long that nobody has asked for', async () => {
  const { agent } = await openWorld();
  const deep = 'x'.repeat(100_000);
  const Each = { Type: 'Map', ItemProcessor: { StartAt: 'Ask', States: {} }, End: true };
  const Ask = { Type: 'Task', Resource: ACTIVITY.replace('Reserve', 'Slow'), End: true };
  Each.ItemProcessor.States = { Ask };
  await agent.use('create_activity', { name: 'Slow' });
  await agent.use('save_machine', { name: 'Many', definition: { StartAt: 'Each', States: { Each } } });
  const End = { Type: 'Pass', End: true, Parameters: { 'deep.$': '$.deep', deep } };
  await agent.use('save_machine', { name: 'Deep', definition: { StartAt: 'End', States: { End } } });
  const Stop = { Type: 'Fail', Error: 'Stopped', CausePath: '$.deep' };
  await agent.use('save_machine', { name: 'Stop', definition: { StartAt: 'Stop', States: { Stop } } });
  await agent.use('save_machine', { name: 'Bad', definition: { StartAt: deep, States: { End: {} } } });
  const long = { machine: 'Stop', name: 'stop', input: { deep: 'y'.repeat(30_000) }, waitSeconds: 20 };
  expect(await agent.use('start_execution', long)).toMatch(
    /^FAILED .*\nerror: Stopped\ncause: y+… \[30000 characters: show: "output" shows all\]\nfailed in: Stop\n/,
  );
  const input = Array.from({ length: 200 }, (_, id) => ({ id, text: 'z'.repeat(id === 0 ? 90_000 : 500) }));
  await agent.use('start_execution', { machine: 'Many', name: 'many', input, waitSeconds: 0 });
  for (let taken = 0; taken < 8; taken++)
    expect(await agent.use('take_task', { activity: 'Slow' })).toContain('"taskToken"');
  await agent.find(/and 3 more, by show: "tasks"$/m, 'trace_execution', { execution: 'many' });
  await agent.use('trace_execution', { execution: 'many', show: 'trace' });
  for (const given of [{ show: 'tasks' }, { state: 'Ask' }])
    expect(await agent.use('trace_execution', { execution: 'many', ...given })).toMatch(
      /\[Cut after \d+ characters\. The rest: the same call with from: \d+\.\]$/,
    );
  await agent.use('list', { what: 'executions' });
  await agent.use('stop_execution', { execution: 'many', cause: deep.slice(0, 30_000) });
  expect(agent.tooLong).toEqual([]);
});
