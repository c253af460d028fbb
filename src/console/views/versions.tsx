import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { VersionRow } from '../../framework/local/console/api.js';
import { instant } from '../model/format.js';
import { FormDialog } from '../parts/form-dialog.js';
import { Icon } from '../parts/icons.js';
import { Json } from '../parts/json.js';
import { ErrorMessage, Loading } from '../parts/page.js';
import { useAction } from '../parts/use-action.js';
import { command, describeMachine, type MachineDescription, query } from '../service/calls.js';
import { now } from '../service/stream.js';

interface VersionsProps {
  readonly machine: MachineDescription;
}

/** The published versions of a machine, each with its definition. */
export function Versions({ machine }: VersionsProps): JSX.Element {
  const [versions, setVersions] = useState<readonly VersionRow[]>();
  const [error, setError] = useState<string>();
  const [isOpen, setOpen] = useState(false);
  const [picked, pick] = useState<number>();
  const load = (): void => {
    query('versions', { arn: machine.arn }).then(
      (found) => setVersions(found.versions),
      (refusal: Error) => setError(refusal.message),
    );
  };
  useEffect(load, [machine]);
  if (error !== undefined) return <ErrorMessage message={error} />;
  if (versions === undefined) return <Loading />;
  const shown = versions.find(({ number }) => number === picked) ?? versions[0];
  return (
    <div class="scroll">
      <div class="filters">
        {shown ? (
          <label>
            <span>Version</span>
            <select value={shown.number} onChange={(event) => pick(Number(event.currentTarget.value))}>
              {versions.map((each) => (
                <option value={each.number}>{wordsOf(each)}</option>
              ))}
            </select>
          </label>
        ) : (
          <p class="faint">No version is published yet.</p>
        )}
        <button type="button" disabled={versions[0]?.isCurrent} onClick={() => setOpen(true)}>
          <Icon name="plus" />
          Publish a version
        </button>
      </div>
      {versions[0]?.isCurrent && <p class="faint">The machine has not changed since the newest version.</p>}
      {shown && <VersionDefinition key={shown.number} machine={machine} number={shown.number} />}
      {isOpen && <PublishDialog arn={machine.arn} onClose={() => setOpen(false)} onPublished={load} />}
    </div>
  );
}

const wordsOf = ({ number, createdAt, description }: VersionRow): string =>
  `${number}, ${instant(createdAt, now.peek())}${description === undefined ? '' : `: ${description}`}`;

function VersionDefinition({ machine, number }: VersionsProps & { readonly number: number }): JSX.Element {
  const [definition, setDefinition] = useState<string>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    describeMachine(`${machine.arn}:${number}`).then(
      (found) => setDefinition(found.definition),
      (refusal: Error) => setError(refusal.message),
    );
  }, [number]);
  if (definition === undefined) return error === undefined ? <Loading /> : <ErrorMessage message={error} />;
  return <Json text={definition} label={`Version ${number}`} />;
}

interface PublishProps {
  readonly arn: string;
  readonly onClose: () => void;
  readonly onPublished: () => void;
}

function PublishDialog({ arn, onClose, onPublished }: PublishProps): JSX.Element {
  const [description, setDescription] = useState('');
  const publish = useAction(async () => {
    await command('PublishStateMachineVersion', {
      stateMachineArn: arn,
      ...(description !== '' && { description }),
    });
    onPublished();
    onClose();
  });
  const submit = { text: 'Publish', icon: 'plus' } as const;
  return (
    <FormDialog id="publish" title="Publish a version?" action={publish} submit={submit} onClose={onClose}>
      <label class="field">
        <span>Description (optional)</span>
        <input
          value={description}
          onInput={(event) => setDescription(event.currentTarget.value)}
          maxLength={256}
        />
      </label>
    </FormDialog>
  );
}
