import { command, query } from '../../service/calls.js';
import type { ExecutionView } from '../../service/topics.js';

type Named = Pick<ExecutionView, 'arn' | 'name'>;

/** Saves an execution as a file with a test that replays it. @throws CallError */
export async function saveTest({ arn, name }: Named): Promise<void> {
  const { source } = await query('test', { execution: arn });
  save(`${fileName(name)}.test.ts`, 'text/typescript', source);
}

/** Saves the events of an execution as GetExecutionHistory returns them. @throws CallError */
export async function saveHistory({ arn, name }: Named): Promise<void> {
  const events = await historyOf(arn);
  save(`${fileName(name)}.history.json`, 'application/json', `${JSON.stringify({ events }, null, 2)}\n`);
}

/** Returns all events with their data. @throws CallError */
async function historyOf(executionArn: string): Promise<object[]> {
  const events: object[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await command('GetExecutionHistory', { executionArn, maxResults: 1_000, nextToken });
    events.push(...answer.events);
    ({ nextToken } = answer);
  } while (nextToken !== undefined);
  return events;
}

const fileName = (name: string): string => name.replaceAll(/[^\w.-]+/g, '-');

function save(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
