import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Visit } from '../../../../framework/local/view/visit.js';
import type { StateNode } from '../../../model/definition.js';
import { Icon } from '../../../parts/icons.js';
import { ErrorMessage } from '../../../parts/page.js';
import { useAction } from '../../../parts/use-action.js';
import type { ExecutionView } from '../../../service/topics.js';
import { recordedTrial } from '../../test-state/recorded-trial.js';
import { TestStateDialog } from '../../test-state/test-state-dialog.js';
import type { Trial } from '../../test-state/trial.js';

interface TestButtonProps {
  readonly view: ExecutionView;
  readonly node: StateNode;
  /** The visit whose data the test begins with; undefined if the execution hasn't entered the state. */
  readonly visit: Visit | undefined;
}

/** The button that opens the test of a state. */
export function TestButton({ view, node, visit }: TestButtonProps): JSX.Element {
  const [trial, setTrial] = useState<Partial<Trial>>();
  const prepare = useAction(async () => setTrial(await recordedTrial(view, node, visit)));
  return (
    <>
      <button type="button" class="small" onClick={prepare.run}>
        <Icon name="flask" />
        Test
      </button>
      <ErrorMessage message={prepare.error} />
      {trial && (
        <TestStateDialog
          definition={view.definition}
          node={node}
          first={trial}
          onClose={() => setTrial(undefined)}
        />
      )}
    </>
  );
}
