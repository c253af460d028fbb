import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Visit } from '../../../../framework/local/view/run.js';
import { outermostOf, type StateNode } from '../../../model/definition.js';
import { Icon } from '../../../parts/icons.js';
import type { ExecutionView } from '../../../service/topics.js';
import { RunFromDialog } from '../../start/run-from-dialog.js';

interface StateActionsProps {
  readonly view: ExecutionView;
  readonly node: StateNode;
  /** The visit that is shown; undefined if the execution hasn't entered the state. */
  readonly visit: Visit | undefined;
}

/** The buttons for what can be done with a state. */
export function StateActions({ view, node, visit }: StateActionsProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const begin = outermostOf(view.definition, node.name) ?? node.name;
  let outermost = visit;
  while (outermost?.parent) outermost = outermost.parent;
  return (
    <div class="actions">
      <button
        type="button"
        onClick={() => setOpen(true)}
        title={begin === node.name ? undefined : 'An execution can not begin inside a Parallel or a Map.'}
      >
        <Icon name="play" />
        Run from {begin === node.name ? 'here' : <span dir="auto">{begin}</span>}
      </button>
      {isOpen && <RunFromDialog view={view} state={begin} visit={outermost} onClose={() => setOpen(false)} />}
    </div>
  );
}
