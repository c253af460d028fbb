import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TakenTask } from '../../framework/local/console/api.js';
import { jsonProblem } from '../model/json-text.js';
import { duration, nameIn } from '../model/format.js';
import { Editor } from '../parts/editor.js';
import { Icon } from '../parts/icons.js';
import { Json } from '../parts/json.js';
import { ErrorMessage } from '../parts/page.js';
import { to } from '../route.js';
import { type CallError, command } from '../service/calls.js';
import { now } from '../service/stream.js';

/** The task that this person has. */
interface HandTask extends TakenTask {
  readonly activityArn: string;
}

const task = signal<HandTask | undefined>(undefined);

/** How often a task without a heartbeat's limit is asked after. */
const LOOK_EVERY_MS = 10_000;

/** Takes the oldest queued task of an activity: it is then this person's to answer. */
export function TakeOldest({ activityArn }: { readonly activityArn: string }): JSX.Element {
  const [trouble, setTrouble] = useState<string>();
  const take = async (): Promise<void> => {
    setTrouble(undefined);
    try {
      const taken = await command('TakeTask', { activityArn });
      if (taken.taskToken === undefined) setTrouble('Nothing is queued any more: somebody was faster.');
      else task.value = { ...taken, activityArn };
    } catch (error) {
      setTrouble((error as Error).message);
    }
  };
  const isBusy = task.value !== undefined;
  return (
    <>
      <button type="button" onClick={() => void take()} disabled={isBusy}>
        <Icon name="hand" />
        Take the oldest task by hand
      </button>
      {isBusy && <p class="hint">Answer the task that you have first.</p>}
      <ErrorMessage message={trouble} />
    </>
  );
}

/** The task that this person has, beside whatever the page shows. */
export function HandDrawer(): JSX.Element | null {
  const current = task.value;
  return current ? <HandForm key={current.taskToken} hand={current} /> : null;
}

type Answer = 'success' | 'failure';

function HandForm({ hand }: { readonly hand: HandTask }): JSX.Element {
  const title = useRef<HTMLHeadingElement>(null);
  const [answer, setAnswer] = useState<Answer>('success');
  const [output, setOutput] = useState('{}');
  const [error, setError] = useState('');
  const [cause, setCause] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const lapsed = useBeats(hand);
  useEffect(() => title.current?.focus(), []);
  const problem = answer === 'success' ? jsonProblem(output) : undefined;
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { taskToken } = hand;
    try {
      if (answer === 'success') await command('SendTaskSuccess', { taskToken, output });
      else
        await command('SendTaskFailure', {
          taskToken,
          ...(error !== '' && { error }),
          ...(cause !== '' && { cause }),
        });
      task.value = undefined;
    } catch (refused) {
      setTrouble((refused as Error).message);
    }
  };
  return (
    <aside class="drawer" aria-labelledby="hand-title">
      <form onSubmit={(event) => void send(event)}>
        <h2 id="hand-title" tabIndex={-1} ref={title}>
          <Icon name="hand" />
          Your task of <span dir="auto">{nameIn(hand.activityArn)}</span>
        </h2>
        <p class="faint">
          {hand.execution !== undefined && (
            <>
              From{' '}
              <a href={to('executions', hand.execution)} dir="auto">
                {nameIn(hand.execution)}
              </a>
              {hand.state !== undefined && (
                <>
                  {' '}
                  at <span dir="auto">{hand.state}</span>
                </>
              )}
              {', '}
            </>
          )}
          yours for{' '}
          {duration(Math.max(0, Math.floor((now.value - hand.since) / 1000) * 1000))
            .replace('.0', '')
            .replace('0 ms', '0 s')}
          . {lapsed === undefined && 'This page beats for it while this form is open.'}
        </p>
        {lapsed !== undefined && (
          <p class="trouble" role="alert">
            <strong>The task has lapsed.</strong> {lapsed}
          </p>
        )}
        <div class="field">
          <span>Input</span>
          <Json text={hand.input} label="Input of your task" />
        </div>
        <fieldset class="choice">
          <legend class="sr">Answer</legend>
          {(['success', 'failure'] as const).map((each) => (
            <label>
              <input type="radio" name="answer" checked={answer === each} onChange={() => setAnswer(each)} />
              {each === 'success' ? 'It succeeded' : 'It failed'}
            </label>
          ))}
        </fieldset>
        {answer === 'success' ? (
          <div class="field">
            <span>Output</span>
            <Editor value={output} onInput={setOutput} label="Output, as JSON" />
            {problem !== undefined && <p class="hint bad">No JSON yet: {problem}</p>}
          </div>
        ) : (
          <>
            <label class="field">
              <span>Error name</span>
              <input
                value={error}
                onInput={(event) => setError(event.currentTarget.value)}
                maxLength={256}
                placeholder="PaymentDeclined"
              />
            </label>
            <label class="field">
              <span>Cause</span>
              <textarea rows={3} value={cause} onInput={(event) => setCause(event.currentTarget.value)} />
            </label>
          </>
        )}
        <ErrorMessage message={trouble} />
        <div class="actions end">
          <button
            type="button"
            onClick={() => (task.value = undefined)}
            title="It stays leased until its timeout"
          >
            {lapsed === undefined ? 'Leave it' : 'Close'}
          </button>
          <button type="submit" class="primary" disabled={problem !== undefined || lapsed !== undefined}>
            Answer
          </button>
        </div>
      </form>
    </aside>
  );
}

/** Beats for a task while it is on the page. @returns why it has lapsed, once it has */
function useBeats({ taskToken, heartbeatSeconds }: HandTask): string | undefined {
  const [lapsed, setLapsed] = useState<string>();
  useEffect(() => {
    const every = Math.min(LOOK_EVERY_MS, ((heartbeatSeconds ?? Infinity) * 1000) / 3);
    const timer = setInterval(() => {
      command('SendTaskHeartbeat', { taskToken }).catch((refused: CallError) => {
        if (refused.error !== 'TaskTimedOut' && refused.error !== 'TaskDoesNotExist') return;
        setLapsed('It timed out, or its execution ended. Nothing can be answered any more.');
        clearInterval(timer);
      });
    }, every);
    return () => clearInterval(timer);
  }, [taskToken]);
  return lapsed;
}
