import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { pretty } from '../../model/json-text.js';
import { ErrorMessage, PageHead } from '../../parts/page.js';
import { NameField } from '../../parts/name-field.js';
import { useAction } from '../../parts/use-action.js';
import { go, route, to } from '../../route.js';
import { create, query, ROLE } from '../../service/calls.js';
import { DefinitionEditor } from './definition-editor.js';
import { useDiagnostics } from './diagnostics.js';
import { problemsSaid, WhyOff } from './why-off.js';

const FIRST = JSON.stringify(
  { StartAt: 'Hello', States: { Hello: { Type: 'Pass', Result: { message: 'Hello' }, End: true } } },
  null,
  2,
);

/** The page for a new machine: an editor with the definition on one side, its graph on the other. */
export function NewMachine(): JSX.Element {
  const [name, setName] = useState('');
  const [text, setText] = useState(FIRST);
  const loadError = useCopiedDefinition(setText);
  const diagnostics = useDiagnostics(text);
  const reason = name === '' ? 'Give it a name first.' : problemsSaid(diagnostics);
  const save = useAction(async () => {
    const { stateMachineArn } = await create('CreateStateMachine', { name, definition: text, roleArn: ROLE });
    go('machines', stateMachineArn);
  });
  return (
    <form class="new-machine" onSubmit={save.submit}>
      <PageHead title="New machine" name="New machine" above={<a href={to('machines')}>Machines</a>}>
        <WhyOff id="create-off" reason={reason} />
        <button type="submit" class="primary" disabled={reason !== undefined} aria-describedby="create-off">
          Create
        </button>
      </PageHead>
      <ErrorMessage message={save.error ?? loadError} />
      <DefinitionEditor text={text} onText={setText} diagnostics={diagnostics}>
        <NameField value={name} onInput={setName} placeholder="HelloWorld" required />
      </DefinitionEditor>
    </form>
  );
}

/**
 * Loads the definition of an existing machine, if the page's URL contains one that is to be copied.
 * @returns the error message if it can't be loaded
 */
function useCopiedDefinition(onLoaded: (text: string) => void): string | undefined {
  const [loadError, setLoadError] = useState<string>();
  const from = route.value.query.get('from');
  useEffect(() => {
    if (from === null) return;
    query('machine', { arn: from }).then(
      ({ definition }) => onLoaded(pretty(definition)),
      (error: Error) => setLoadError(error.message),
    );
  }, [from]);
  return loadError;
}
