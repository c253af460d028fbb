import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { nameIn, wholeSeconds } from '../../model/format.js';
import { Icon } from '../../parts/icons.js';
import { Json } from '../../parts/json.js';
import { onEscape } from '../../keys.js';
import { ErrorMessage } from '../../parts/page.js';
import { to } from '../../route.js';
import { now } from '../../service/stream.js';
import { AnswerFields, useAnswer } from './answer.js';
import { leaveTask, type OwnTask, takenTask, useHeartbeats } from './taken-task.js';

/** Shows the task that the user has taken, next to whatever view is open. */
export function TaskDrawer(): JSX.Element | null {
  const task = takenTask.value;
  return task ? <TaskForm key={task.taskToken} task={task} /> : null;
}

function TaskForm({ task }: { readonly task: OwnTask }): JSX.Element {
  const lapsed = useHeartbeats(task);
  const { answer, change, problem, send } = useAnswer(task);
  const hasLapsed = lapsed !== undefined;
  return (
    <aside class="drawer" aria-labelledby="task-title" onKeyDown={onEscape(true, leaveTask)}>
      <form onSubmit={send.submit}>
        <Title task={task} />
        <p class="faint">
          <Origin task={task} />
          yours for {wholeSeconds(Math.max(0, now.value - task.since))}.{' '}
          {!hasLapsed && 'This page sends heartbeats while this form is open.'}
        </p>
        {hasLapsed && <Lapsed reason={lapsed} />}
        <div class="field">
          <span>Input</span>
          <Json text={task.input} label="Input of your task" />
        </div>
        <AnswerFields answer={answer} onChange={change} problem={problem} />
        <ErrorMessage message={send.error} />
        <div class="actions end">
          <button
            type="button"
            onClick={leaveTask}
            title="It stays yours until its timeout. Its state has a button to continue with it."
          >
            {hasLapsed ? 'Close' : 'Leave it'}
          </button>
          <button type="submit" class="primary" disabled={problem !== undefined || hasLapsed}>
            Answer
          </button>
        </div>
      </form>
    </aside>
  );
}

/** The title of the task. It gets the focus when it appears, so that a screen reader starts to read here. */
function Title({ task: { activityArn, state } }: { readonly task: OwnTask }): JSX.Element {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <h2 id="task-title" tabIndex={-1} ref={title}>
      <Icon name="hand" />
      <span>
        Your task of <span dir="auto">{activityArn === undefined ? state : nameIn(activityArn)}</span>
      </span>
    </h2>
  );
}

function Origin({ task: { execution, state } }: { readonly task: OwnTask }): JSX.Element | null {
  if (execution === undefined) return null;
  return (
    <>
      From{' '}
      <a href={to('executions', execution)} dir="auto">
        {nameIn(execution)}
      </a>
      {state !== undefined && (
        <>
          {' '}
          at <span dir="auto">{state}</span>
        </>
      )}
      {', '}
    </>
  );
}

const Lapsed = ({ reason }: { readonly reason: string }): JSX.Element => (
  <p class="error-message" role="alert">
    <strong>The task has lapsed.</strong> {reason}
  </p>
);
