import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { MachineDescription, VersionRow } from '../../framework/local/console/api.js';
import { instant } from '../model/format.js';
import { editable } from '../model/json-text.js';
import { Diff } from '../parts/diff.js';
import { FormDialog } from '../parts/form-dialog.js';
import { Icon } from '../parts/icons.js';
import { Json } from '../parts/json.js';
import { ErrorMessage, Loading } from '../parts/page.js';
import { Tabs } from '../parts/tabs.js';
import { useAction } from '../parts/use-action.js';
import { command, query } from '../service/calls.js';
import { now } from '../service/stream.js';
import { DescriptionField } from './new-machine/save-dialog.js';

interface VersionsProps {
  readonly machine: MachineDescription;
}

/** The published versions of a machine, each with its definition, and how that differs from the machine's. */
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
      {shown && <VersionDetails key={shown.number} machine={machine} version={shown} />}
      {isOpen && <PublishDialog arn={machine.arn} onClose={() => setOpen(false)} onPublished={load} />}
    </div>
  );
}

const wordsOf = ({ number, createdAt, description }: VersionRow): string =>
  `${number}, ${instant(createdAt, now.peek())}${description === undefined ? '' : `: ${description}`}`;

const TABS = { difference: 'Difference to the machine', definition: 'Definition' } as const;

function VersionDetails({ machine, version }: VersionsProps & { readonly version: VersionRow }): JSX.Element {
  const [definition, setDefinition] = useState<string>();
  const [error, setError] = useState<string>();
  const [tab, show] = useState<keyof typeof TABS>('difference');
  useEffect(() => {
    query('version', { arn: machine.arn, number: String(version.number) }).then(
      (found) => setDefinition(found.definition),
      (refusal: Error) => setError(refusal.message),
    );
  }, [version.number]);
  if (definition === undefined) return error === undefined ? <Loading /> : <ErrorMessage message={error} />;
  const name = `Version ${version.number}`;
  return (
    <>
      <Tabs tabs={TABS} shown={tab} onShow={show} />
      {tab === 'definition' ? (
        <Json text={definition} label={name} />
      ) : (
        <Diff
          before={editable(definition)}
          after={editable(machine.definition)}
          label={`From ${name} to now`}
        />
      )}
    </>
  );
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
      <DescriptionField value={description} onInput={setDescription} />
    </FormDialog>
  );
}
