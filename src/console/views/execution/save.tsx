import type { JSX } from 'preact';
import type { EventWithData } from '../../../framework/local/console/api.js';
import { useAction } from '../../parts/use-action.js';
import { query } from '../../service/calls.js';
import type { ExecutionView } from '../../service/topics.js';

/** Buttons that save an execution as files: its history as JSON and, if it has ended, a test that replays it. */
export function SaveButtons({ view: { arn, name, status } }: { readonly view: ExecutionView }): JSX.Element {
  const test = useAction(async () => {
    const { source } = await query('test', { execution: arn });
    save(`${fileName(name)}.test.ts`, 'text/typescript', source);
  });
  const history = useAction(async () =>
    save(`${fileName(name)}.history.json`, 'application/json', await historyOf(arn)),
  );
  const error = test.error ?? history.error;
  return (
    <>
      {status !== 'RUNNING' && (
        <button
          type="button"
          onClick={test.run}
          title="A test of createTestMachine that replays this execution"
        >
          Save as a test
        </button>
      )}
      <button type="button" onClick={history.run} title="The events in the form of GetExecutionHistory">
        Save the history
      </button>
      {error !== undefined && <p role="alert">{error}</p>}
    </>
  );
}

/** Returns all events with their data, as GetExecutionHistory returns them. */
async function historyOf(execution: string): Promise<string> {
  const events: EventWithData[] = [];
  for (let from: number | null = 0; from !== null;) {
    const answer: { events: readonly EventWithData[]; next: number | null } = await query('history', {
      execution,
      from: String(from),
    });
    events.push(...answer.events);
    from = answer.next;
  }
  return `${JSON.stringify({ events }, null, 2)}\n`;
}

const fileName = (name: string): string => name.replaceAll(/[^\w.-]+/g, '-');

function save(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
