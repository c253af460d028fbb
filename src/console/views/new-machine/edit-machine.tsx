import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { MachineDescription } from '../../../framework/local/console/api.js';
import { editable } from '../../model/json-text.js';
import { Icon } from '../../parts/icons.js';
import { PageHead } from '../../parts/page.js';
import { go, to } from '../../route.js';
import { DefinitionEditor } from './definition-editor.js';
import { useDiagnostics } from './diagnostics.js';
import { problemsSaid, WhyOff } from './why-off.js';
import { SaveDialog } from './save-dialog.js';

/** A definition that the user has changed and not saved, and that from which the user began. */
interface Draft {
  readonly base: string;
  readonly text: string;
}

/** The drafts by the ARN of the machine. They last as long as the page. */
const drafts = new Map<string, Draft>();

interface EditMachineProps {
  readonly machine: MachineDescription;
  readonly onSaved: () => void;
}

/** The page on which the definition of a machine is changed. */
export function EditMachine({ machine, onSaved }: EditMachineProps): JSX.Element {
  const { arn, name } = machine;
  const original = editable(machine.definition);
  const [draft, setDraft] = useState(drafts.get(arn));
  const { text, base } = draft ?? { text: original, base: original };
  const [isSaving, setSaving] = useState(false);
  const diagnostics = useDiagnostics(text);
  const reason = text === original ? 'Nothing is changed.' : problemsSaid(diagnostics);
  const change = (next: string): void => {
    if (next === original) drafts.delete(arn);
    else drafts.set(arn, { base, text: next });
    setDraft(drafts.get(arn));
  };
  const above = (
    <>
      <a href={to('machines')}>Machines</a> ·{' '}
      <a href={to('machines', arn)} dir="auto">
        {name}
      </a>
    </>
  );
  return (
    <div class="new-machine">
      <PageHead title={`Edit ${name}`} name={`Edit ${name}`} above={above}>
        <WhyOff id="save-off" reason={reason} />
        {text !== original && (
          <button type="button" onClick={() => change(original)}>
            Discard changes
          </button>
        )}
        <button
          type="button"
          class="primary"
          disabled={reason !== undefined}
          aria-describedby="save-off"
          title="Shows the difference before it is saved"
          onClick={() => setSaving(true)}
        >
          <Icon name="succeeded" />
          Review and save
        </button>
      </PageHead>
      {base !== original && (
        <p class="warning" role="status">
          The machine was updated since you began. What you save replaces that update.
        </p>
      )}
      <DefinitionEditor text={text} onText={change} diagnostics={diagnostics} />
      {isSaving && (
        <SaveDialog
          machine={machine}
          text={text}
          onClose={() => setSaving(false)}
          onSaved={() => {
            drafts.delete(arn);
            onSaved();
            go('machines', arn);
          }}
        />
      )}
    </div>
  );
}
