import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { nameIn } from '../model/format.js';
import { FormDialog } from '../parts/form-dialog.js';
import { Icon } from '../parts/icons.js';
import { useAction } from '../parts/use-action.js';
import { go } from '../route.js';
import { command } from '../service/calls.js';

const KINDS = {
  machines: {
    word: 'machine',
    note: 'Its running executions end when they would enter another state. A file that it was read from stays.',
    act: (arn: string) => command('DeleteStateMachine', { stateMachineArn: arn }),
  },
  activities: {
    word: 'activity',
    note: 'Its queued tasks get no worker any more, and a state that schedules another one fails.',
    act: (arn: string) => command('DeleteActivity', { activityArn: arn }),
  },
} as const;

interface DeleteProps {
  readonly arn: string;
  /** The list to which it belongs, and that is shown afterwards. */
  readonly room: keyof typeof KINDS;
}

/** A button that deletes a machine or an activity, after a question. */
export function DeleteButton({ arn, room }: DeleteProps): JSX.Element {
  const { word, note, act } = KINDS[room];
  const [isAsked, setAsked] = useState(false);
  const action = useAction(async () => {
    await act(arn);
    go(room);
  });
  const submit = { text: 'Delete', icon: 'delete', danger: true } as const;
  const title = `Delete the ${word} ${nameIn(arn)}`;
  return (
    <>
      <button type="button" onClick={() => setAsked(true)}>
        <Icon name="delete" />
        Delete
      </button>
      {isAsked && (
        <FormDialog id="delete" title={title} action={action} submit={submit} onClose={() => setAsked(false)}>
          <p class="faint">{note}</p>
        </FormDialog>
      )}
    </>
  );
}
