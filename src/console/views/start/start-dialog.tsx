import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { nameIn } from '../../model/format.js';
import { jsonProblem, pretty } from '../../model/json-text.js';
import { FormDialog } from '../../parts/form-dialog.js';
import { NameField } from '../../parts/name-field.js';
import { useAction } from '../../parts/use-action.js';
import { useDraft } from '../../parts/use-draft.js';
import { go } from '../../route.js';
import { command } from '../../service/calls.js';
import { InputField } from './input-field.js';
import { useKnownInput } from './suggestions.js';

interface StartProps {
  readonly machine: { readonly arn: string; readonly definition: string };
  /**
   * The execution that is run again, with its input. Without it, the input is that of the machine's last execution or,
   * if there was none, an example.
   */
  readonly again?: {
    readonly arn: string;
    readonly input: string;
    /** True if its machine was changed for that. */
    readonly isSaved: boolean;
  };
  readonly onClose: () => void;
}

/** A dialog that asks for an input, and starts an execution of a machine with that input. */
export function StartDialog({ machine, again, onClose }: StartProps): JSX.Element {
  const draft = useDraft<'name' | 'input'>(`start ${again?.arn ?? machine.arn}`);
  const known = useKnownInput(machine, again?.input);
  const { name = '', input: text = pretty(known.suggestions[0]?.input ?? '{}') } = draft.typed;
  const setText = (input: string): void => draft.change({ input });
  const problem = jsonProblem(text);
  const [unkept, setUnkept] = useState<string>();
  const start = useAction(async () => {
    if (problem !== undefined) return;
    const request = { stateMachineArn: machine.arn, input: text, ...(name !== '' && { name }) };
    const { executionArn } = await command('StartExecution', request);
    draft.discard();
    if (executionArn.split(':')[5] === 'express') return setUnkept(executionArn);
    onClose();
    go('executions', executionArn);
  });
  const machineName = <span dir="auto">{nameIn(machine.arn)}</span>;
  const title = again ? <>Run {machineName} again</> : <>Start {machineName}</>;
  const word = again ? 'Run again' : 'Start';
  const submit = { text: word, icon: again ? 'again' : 'play', disabled: problem !== undefined } as const;
  return (
    <FormDialog id="start" title={title} action={start} submit={submit} onClose={onClose}>
      {again?.isSaved && <p class="inline green">The definition is saved. This execution runs it.</p>}
      {unkept !== undefined && (
        <p class="inline green" role="status">
          Started. The service keeps no EXPRESS execution: its log has the events of {unkept}.
        </p>
      )}
      <InputField value={text} onInput={setText} known={known} problem={problem} />
      <NameField
        value={name}
        onInput={(next) => draft.change({ name: next })}
        placeholder="Generated if empty"
      />
    </FormDialog>
  );
}
