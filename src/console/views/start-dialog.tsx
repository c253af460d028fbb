import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { InputAnswer } from '../../framework/local/console/api.js';
import { allStates, readDefinition } from '../model/definition.js';
import { jsonProblem, pretty } from '../model/json-text.js';
import { Editor } from '../parts/editor.js';
import { Icon } from '../parts/icons.js';
import { ErrorMessage } from '../parts/page.js';
import { go } from '../route.js';
import { command, query } from '../service/calls.js';
import { nameIn } from '../model/format.js';

interface StartProps {
  readonly machine: { readonly arn: string; readonly definition: string };
  /** What to begin with. @default an example, or what was given last */
  readonly input?: string;
  readonly onClose: () => void;
}

/** Asks for an input, and starts an execution with it. */
export function StartDialog({ machine, input, onClose }: StartProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState(input === undefined ? '{}' : pretty(input));
  const [name, setName] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const [offers, setOffers] = useState<readonly Offer[]>([]);
  useEffect(() => {
    dialog.current?.showModal();
    void offersFor(machine).then((found) => {
      setOffers(found);
      const [first] = found;
      if (input === undefined && first) setText(pretty(first.input));
    });
  }, []);
  const problem = jsonProblem(text);
  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (problem !== undefined) return;
    try {
      const body = { stateMachineArn: machine.arn, input: text, ...(name !== '' && { name }) };
      const { executionArn } = await command('StartExecution', body);
      onClose();
      go('executions', executionArn);
    } catch (error) {
      setTrouble((error as Error).message);
    }
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="start-title" onClose={onClose}>
      <form onSubmit={(event) => void start(event)}>
        <h2 id="start-title">
          Start <span dir="auto">{nameIn(machine.arn)}</span>
        </h2>
        <label class="field">
          <span>Name</span>
          <input
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            placeholder="One is made up if it is left empty"
            maxLength={80}
          />
        </label>
        <div class="field">
          <span>
            Input
            {offers.map((offer) => (
              <button type="button" class="quiet small" onClick={() => setText(pretty(offer.input))}>
                {offer.word}
              </button>
            ))}
          </span>
          <Editor value={text} onInput={setText} label="Input, as JSON" />
          {problem !== undefined && (
            <p class="hint bad" role="status">
              No JSON yet: {problem}
            </p>
          )}
        </div>
        <ErrorMessage message={trouble} />
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={problem !== undefined}>
            <Icon name="play" />
            Start
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface Offer {
  readonly word: string;
  readonly input: string;
}

/** What the first activity's own class says that it takes, and what an execution was last given. */
async function offersFor(machine: StartProps['machine']): Promise<Offer[]> {
  const group = readDefinition(machine.definition);
  const activity =
    group && [...allStates(group)].find(({ activityArn }) => activityArn !== undefined)?.activityArn;
  const [example, last] = await Promise.all([
    activity === undefined ? none : query('example', { activity }).catch(() => none),
    query('lastInput', { machine: machine.arn }).catch(() => none),
  ]);
  return [
    ...(last.input === null ? [] : [{ word: 'As the last one', input: last.input }]),
    ...(example.input === null ? [] : [{ word: 'Example', input: example.input }]),
  ];
}

const none: InputAnswer = { input: null };
