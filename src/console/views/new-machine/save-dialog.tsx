import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { MachineDescription } from '../../../framework/local/console/api.js';
import { editable } from '../../model/json-text.js';
import { Diff } from '../../parts/diff.js';
import { FormDialog } from '../../parts/form-dialog.js';
import { useAction } from '../../parts/use-action.js';
import { command, query } from '../../service/calls.js';

interface SaveProps {
  readonly machine: MachineDescription;
  readonly text: string;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

/** A dialog that shows how a definition differs from the one that the machine has now, and saves it. */
export function SaveDialog({ machine, text, onClose, onSaved }: SaveProps): JSX.Element {
  const [now, setNow] = useState(machine.definition);
  const [publish, setPublish] = useState(false);
  const [description, setDescription] = useState('');
  useEffect(() => {
    // It may have changed since the user began to edit it.
    query('machine', { arn: machine.arn }).then(
      ({ definition }) => setNow(definition),
      () => {},
    );
  }, []);
  const save = useAction(async () => {
    await command('UpdateStateMachine', {
      stateMachineArn: machine.arn,
      definition: text,
      ...(publish && { publish, ...(description !== '' && { versionDescription: description }) }),
    });
    onClose();
    onSaved();
  });
  const title = (
    <>
      Save <span dir="auto">{machine.name}</span>?
    </>
  );
  const submit = { text: 'Save', icon: 'succeeded' } as const;
  return (
    <FormDialog id="save" title={title} action={save} submit={submit} onClose={onClose}>
      <p class="faint">
        New executions run it. Those that are running keep their definition, and a file that the machine was
        read from stays as it is.
      </p>
      <Diff before={editable(now)} after={text} label="Difference" />
      <div class="choice">
        <label>
          <input
            type="checkbox"
            checked={publish}
            onChange={(event) => setPublish(event.currentTarget.checked)}
          />
          Publish it as a version
        </label>
      </div>
      {publish && <DescriptionField value={description} onInput={setDescription} />}
    </FormDialog>
  );
}

interface DescriptionProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
}

export const DescriptionField = ({ value, onInput }: DescriptionProps): JSX.Element => (
  <label class="field">
    <span>Description (optional)</span>
    <input value={value} onInput={(event) => onInput(event.currentTarget.value)} maxLength={256} />
  </label>
);
