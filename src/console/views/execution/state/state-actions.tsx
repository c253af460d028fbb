import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Visit } from '../../../../framework/local/view/visit.js';
import { outermostOf, type StateNode } from '../../../model/definition.js';
import { Icon } from '../../../parts/icons.js';
import { ErrorMessage } from '../../../parts/page.js';
import { useAction } from '../../../parts/use-action.js';
import type { ExecutionView } from '../../../service/topics.js';
import { RunFromDialog } from '../../start/run-from-dialog.js';
import { recordedTrial } from '../../test-state/recorded-trial.js';
import { TestStateDialog } from '../../test-state/test-state-dialog.js';
import type { Trial } from '../../test-state/trial.js';

interface StateActionsProps {
  readonly view: ExecutionView;
  readonly node: StateNode;
  /** The visit that is shown; undefined if the execution hasn't entered the state. */
  readonly visit: Visit | undefined;
}

/** The buttons for what can be done with a state. */
export function StateActions({ view, node, visit }: StateActionsProps): JSX.Element {
  const [isRunning, setRunning] = useState(false);
  const [trial, setTrial] = useState<Partial<Trial>>();
  const prepare = useAction(async () => setTrial(await recordedTrial(view, node, visit)));
  const begin = outermostOf(view.definition, node.name) ?? node.name;
  return (
    <div class="actions">
      <button
        type="button"
        onClick={() => setRunning(true)}
        title={begin === node.name ? undefined : 'An execution can not begin inside a Parallel or a Map.'}
      >
        <Icon name="play" />
        Run from {begin === node.name ? 'here' : <span dir="auto">{begin}</span>}
      </button>
      <button type="button" onClick={prepare.run}>
        <Icon name="flask" />
        Test
      </button>
      <ErrorMessage message={prepare.error} />
      {isRunning && (
        <RunFromDialog
          view={view}
          state={begin}
          visit={visit && outermostVisit(visit)}
          onClose={() => setRunning(false)}
        />
      )}
      {trial && (
        <TestStateDialog
          definition={view.definition}
          node={node}
          first={trial}
          onClose={() => setTrial(undefined)}
        />
      )}
    </div>
  );
}

const outermostVisit = (visit: Visit): Visit => (visit.parent ? outermostVisit(visit.parent) : visit);
