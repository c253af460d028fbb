import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { nameIn } from '../../model/format.js';
import { jsonProblem, pretty } from '../../model/json-text.js';
import { FormDialog } from '../../parts/form-dialog.js';
import { NameField } from '../../parts/name-field.js';
import { useAction } from '../../parts/use-action.js';
import { go } from '../../route.js';
import { command } from '../../service/calls.js';
import { InputField } from './input-field.js';
import { KeptInputs } from './kept-inputs.js';
import { useKnownInput } from './suggestions.js';

interface StartProps {
  readonly machine: { readonly arn: string; readonly definition: string };
  /**
   * The initial content of the editor.
   * @default the input of the machine's last execution or, if there was none, an example
   */
  readonly input?: string;
  readonly onClose: () => void;
}

/** A dialog that asks for an input, and starts an execution of a machine with that input. */
export function StartDialog({ machine, input, onClose }: StartProps): JSX.Element {
  const [text, setText] = useState(input === undefined ? '{}' : pretty(input));
  const [name, setName] = useState('');
  const known = useKnownInput(machine, ({ suggestions: [first] }) => {
    if (input === undefined && first) setText(pretty(first.input));
  });
  const problem = jsonProblem(text);
  const start = useAction(async () => {
    if (problem !== undefined) return;
    const request = { stateMachineArn: machine.arn, input: text, ...(name !== '' && { name }) };
    const { executionArn } = await command('StartExecution', request);
    onClose();
    go('executions', executionArn);
  });
  const title = (
    <>
      Start <span dir="auto">{nameIn(machine.arn)}</span>
    </>
  );
  const submit = { text: 'Start', icon: 'play', disabled: problem !== undefined } as const;
  return (
    <FormDialog id="start" title={title} action={start} submit={submit} onClose={onClose}>
      <NameField value={name} onInput={setName} placeholder="One is made up if it is left empty" />
      <InputField value={text} onInput={setText} known={known} problem={problem} />
      <KeptInputs machine={machine.arn} text={text} onPick={(kept) => setText(pretty(kept))} />
    </FormDialog>
  );
}
