import type { JSX } from 'preact';
import { CallError } from '../../service/calls.js';
import { startedFromOf } from '../../service/events.js';
import { type ExecutionView, useExecution } from '../../service/topics.js';
import { RunFromDialog } from './run-from-dialog.js';
import { StartDialog } from './start-dialog.js';

interface AgainProps {
  readonly view: ExecutionView;
  /** True if its machine was changed for that. */
  readonly isSaved?: boolean;
  readonly onClose: () => void;
}

/** A dialog that starts another execution: in the same state, if this one began in a state. */
export function AgainDialog({ view, isSaved = false, onClose }: AgainProps): JSX.Element {
  const from = startedFromOf(view);
  const { arn, machine, definition, input } = view;
  if (from)
    return <RunFromDialog view={view} state={from.state} visit={view.run.visits[0]} onClose={onClose} />;
  return (
    <StartDialog
      machine={{ arn: machine.arn, definition }}
      again={{ arn, input, isSaved }}
      onClose={onClose}
    />
  );
}

interface RunAgainProps {
  readonly arn: string;
  readonly onClose: () => void;
}

/** Asks for another run of an execution, after its machine was changed. Renders nothing if the service has dropped it. */
export function RunAgain({ arn, onClose }: RunAgainProps): JSX.Element | null {
  const view = useExecution(arn);
  if (view === undefined || view instanceof CallError) return null;
  return <AgainDialog view={view} isSaved onClose={onClose} />;
}
