import type { JSX } from 'preact';
import { Icon } from '../../parts/icons.js';
import { ErrorMessage } from '../../parts/page.js';
import { useAction } from '../../parts/use-action.js';
import { takenTask, takeOldest } from './taken-task.js';

/** A button that takes the oldest queued task of an activity. */
export function TakeButton({ activityArn }: { readonly activityArn: string }): JSX.Element {
  const take = useAction(() => takeOldest(activityArn));
  const isBusy = takenTask.value !== undefined;
  return (
    <>
      <button type="button" onClick={take.run} disabled={isBusy}>
        <Icon name="hand" />
        Take the oldest task by hand
      </button>
      {isBusy && <p class="hint">Answer the task that you have first.</p>}
      <ErrorMessage message={take.error} />
    </>
  );
}
