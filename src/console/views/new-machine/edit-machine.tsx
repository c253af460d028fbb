import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { nameIn } from '../../model/format.js';
import { editable } from '../../model/json-text.js';
import { Icon } from '../../parts/icons.js';
import { ErrorMessage, PageHead } from '../../parts/page.js';
import { useAction } from '../../parts/use-action.js';
import { useDraft } from '../../parts/use-draft.js';
import { go, queryField, to } from '../../route.js';
import { command, type MachineDescription } from '../../service/calls.js';
import { RunAgain } from '../start/again-dialog.js';
import { DefinitionEditor } from './definition-editor.js';
import { useDiagnostics } from './diagnostics.js';
import { problemsSaid, WhyOff } from './why-off.js';

interface EditMachineProps {
  readonly machine: MachineDescription;
  readonly onSaved: () => void;
}

/**
 * The page on which the definition of a machine is changed. If the URL names an execution in `again`, the page offers to
 * run it again when the definition is saved.
 */
export function EditMachine({ machine, onSaved }: EditMachineProps): JSX.Element {
  const { arn, name } = machine;
  const again = queryField('again');
  const original = editable(machine.definition);
  const draft = useDraft<'base' | 'text'>(`edit ${arn}`);
  const { text = original, base = original } = draft.typed;
  const [isSaved, setSaved] = useState(false);
  const diagnostics = useDiagnostics(text);
  const reason = text === original ? 'Nothing is changed.' : problemsSaid(diagnostics);
  const change = (next: string): void =>
    next === original ? draft.discard() : draft.change({ base, text: next });
  const save = useAction(async () => {
    await command('UpdateStateMachine', { stateMachineArn: arn, definition: text });
    draft.discard();
    onSaved();
    if (again === undefined) go('machines', arn);
    else setSaved(true);
  });
  return (
    <div class="new-machine">
      <PageHead
        title={`Edit ${name}`}
        name={`Edit ${name}`}
        above={<Breadcrumbs machine={machine} again={again} />}
      >
        <WhyOff id="save-off" reason={reason} />
        {text !== original && (
          <button type="button" onClick={() => draft.discard()}>
            Discard changes
          </button>
        )}
        <button
          type="button"
          class="primary"
          disabled={reason !== undefined}
          aria-describedby="save-off"
          title="New executions run it. Those that run keep theirs, and a file that the machine was read from stays as it is."
          onClick={save.run}
        >
          <Icon name="succeeded" />
          Save
        </button>
      </PageHead>
      <ErrorMessage message={save.error} />
      {base !== original && (
        <p class="warning" role="status">
          The machine was updated since you began. What you save replaces that update.
        </p>
      )}
      <DefinitionEditor text={text} onText={change} diagnostics={diagnostics} focus />
      {isSaved && again !== undefined && <RunAgain arn={again} onClose={() => setSaved(false)} />}
    </div>
  );
}

interface BreadcrumbsProps {
  readonly machine: MachineDescription;
  readonly again: string | undefined;
}

const Breadcrumbs = ({ machine: { arn, name }, again }: BreadcrumbsProps): JSX.Element => (
  <>
    <a href={to('machines')}>Machines</a>
    {' · '}
    <a href={to('machines', arn)} dir="auto">
      {name}
    </a>
    {again !== undefined && ' · '}
    {again !== undefined && (
      <a href={to('executions', again)} dir="auto">
        {nameIn(again).split(':').pop()}
      </a>
    )}
  </>
);
