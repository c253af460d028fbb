import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { InputAnswer } from '../../../framework/local/console/api.js';
import { readDefinition, type StateNode } from '../../model/definition.js';
import { nameIn } from '../../model/format.js';
import { jsonProblem, pretty } from '../../model/json-text.js';
import { FormDialog } from '../../parts/form-dialog.js';
import { JsonField } from '../../parts/json-field.js';
import { useAction } from '../../parts/use-action.js';
import { go } from '../../route.js';
import { command, query } from '../../service/calls.js';

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
  const suggestions = useSuggestions(machine, ([first]) => {
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
      <NameField value={name} onInput={setName} />
      <JsonField name="Input" value={text} onInput={setText} problem={problem}>
        {suggestions.map(({ word, input: offered }) => (
          <button type="button" class="quiet small" onClick={() => setText(pretty(offered))}>
            {word}
          </button>
        ))}
      </JsonField>
    </FormDialog>
  );
}

interface FieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
}

const NameField = ({ value, onInput }: FieldProps): JSX.Element => (
  <label class="field">
    <span>Name</span>
    <input
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
      placeholder="One is made up if it is left empty"
      maxLength={80}
    />
  </label>
);

/** An input that the dialog offers, and the label of its button. */
interface Suggestion {
  readonly word: string;
  readonly input: string;
}

function useSuggestions(
  machine: StartProps['machine'],
  onFound: (found: readonly Suggestion[]) => void,
): readonly Suggestion[] {
  const [suggestions, setSuggestions] = useState<readonly Suggestion[]>([]);
  useEffect(() => {
    void suggestionsFor(machine).then((found) => {
      setSuggestions(found);
      onFound(found);
    });
  }, []);
  return suggestions;
}

const NO_INPUT: InputAnswer = { input: null };

/**
 * Returns the inputs that the dialog offers: that of the machine's last execution, and an example for the activity of
 * the first state, if it gets the input as it is.
 */
async function suggestionsFor(machine: StartProps['machine']): Promise<Suggestion[]> {
  const group = readDefinition(machine.definition);
  const first = group?.states.find(({ name }) => name === group.startAt);
  const activity = first && getsInput(first) ? first.activityArn : undefined;
  const [example, last] = await Promise.all([
    activity === undefined ? NO_INPUT : query('example', { activity }).catch(() => NO_INPUT),
    query('lastInput', { machine: machine.arn }).catch(() => NO_INPUT),
  ]);
  return [
    ...(last.input === null ? [] : [{ word: 'As the last one', input: last.input }]),
    ...(example.input === null ? [] : [{ word: 'Example', input: example.input }]),
  ];
}

/** Returns true if a state's task gets the state's input unchanged. */
const getsInput = ({ source }: StateNode): boolean =>
  !['InputPath', 'Parameters', 'Arguments'].some((field) => field in source);
