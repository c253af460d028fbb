import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { pretty } from '../../model/json-text.js';
import { ErrorMessage, PageHead } from '../../parts/page.js';
import { NameField } from '../../parts/name-field.js';
import { useAction } from '../../parts/use-action.js';
import { useDraft } from '../../parts/use-draft.js';
import { go, queryField, to } from '../../route.js';
import { command, describeMachine, ROLE } from '../../service/calls.js';
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
  const from = queryField('from');
  const copied = useCopiedDefinition(from);
  const draft = useDraft<'name' | 'text'>(`new ${from}`);
  const { name = '', text = copied.text } = draft.typed;
  const diagnostics = useDiagnostics(text);
  const reason = name === '' ? 'Give it a name first.' : problemsSaid(diagnostics);
  const save = useAction(async () => {
    const { stateMachineArn } = await command('CreateStateMachine', {
      name,
      definition: text,
      roleArn: ROLE,
    });
    draft.discard();
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
      <ErrorMessage message={save.error ?? copied.error} />
      <DefinitionEditor text={text} onText={(next) => draft.change({ text: next })} diagnostics={diagnostics}>
        <NameField
          value={name}
          onInput={(next) => draft.change({ name: next })}
          placeholder="HelloWorld"
          required
        />
      </DefinitionEditor>
    </form>
  );
}

interface Copied {
  readonly text: string;
  /** The error message if the definition can't be loaded. */
  readonly error?: string;
}

/** Returns the definition of the machine that is copied; without one, a definition to begin with. */
function useCopiedDefinition(from: string | undefined): Copied {
  const [copied, setCopied] = useState<Copied>({ text: FIRST });
  useEffect(() => {
    if (from === undefined) return;
    describeMachine(from).then(
      ({ definition }) => setCopied({ text: pretty(definition) }),
      ({ message }: Error) => setCopied({ text: FIRST, error: message }),
    );
  }, [from]);
  return copied;
}
