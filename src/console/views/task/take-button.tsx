import type { ComponentChildren, JSX } from 'preact';
import { Icon } from '../../parts/icons.js';
import { ErrorMessage } from '../../parts/page.js';
import { useAction } from '../../parts/use-action.js';
import { goOnWith, type ScheduledTask, takenTask, takeTask } from './taken-task.js';

interface TakeButtonProps {
  readonly activityArn: string;
  /** @default the oldest of the activity */
  readonly task?: ScheduledTask;
}

/** A button that takes a queued task of an activity. */
export const TakeButton = ({ activityArn, task }: TakeButtonProps): JSX.Element => (
  <TaskButton run={() => takeTask(activityArn, task)}>
    Take {task ? 'this' : 'the oldest'} task by hand
  </TaskButton>
);

/** A button that opens the form of a task that a person has taken. */
export const GoOnButton = ({ task }: { readonly task: ScheduledTask }): JSX.Element => (
  <TaskButton run={() => goOnWith(task)}>Answer it</TaskButton>
);

interface TaskButtonProps {
  readonly run: () => Promise<void>;
  readonly children: ComponentChildren;
}

function TaskButton({ run, children }: TaskButtonProps): JSX.Element {
  const action = useAction(run);
  const isBusy = takenTask.value !== undefined;
  return (
    <>
      <button type="button" onClick={action.run} disabled={isBusy}>
        <Icon name="hand" />
        {children}
      </button>
      {isBusy && <p class="hint">Answer the task that you have first.</p>}
      <ErrorMessage message={action.error} />
    </>
  );
}
