import type { JSX } from 'preact';
import { Icon } from '../../parts/icons.js';
import { ErrorMessage } from '../../parts/page.js';
import { useAction } from '../../parts/use-action.js';
import { command } from '../../service/calls.js';
import type { ExecutionView } from '../../service/topics.js';

/** The button that keeps an execution however many others end after it, and lets it go again. */
export function KeepButton({ view: { arn, isPinned } }: { readonly view: ExecutionView }): JSX.Element {
  const keep = useAction(async () => {
    await command('KeepExecution', { executionArn: arn, keep: !isPinned });
  });
  return (
    <>
      <button
        type="button"
        onClick={keep.run}
        title={
          isPinned ? 'It is kept as long as any other then' : 'It stays, however many others end after it'
        }
      >
        <Icon name={isPinned ? 'close' : 'pin'} />
        {isPinned ? 'Let go' : 'Keep'}
      </button>
      <ErrorMessage message={keep.error} />
    </>
  );
}
