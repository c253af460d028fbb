import { useState } from 'preact/hooks';

/** An action of the user that the service may reject. */
export interface Action {
  /** The message of the last rejection; undefined if there was none, or the action was run again since. */
  readonly error: string | undefined;
  readonly run: () => void;
  /** Runs the action when a form is submitted, and prevents the browser's own submission. */
  readonly submit: (event: Event) => void;
}

export function useAction(act: () => Promise<void>): Action {
  const [error, setError] = useState<string>();
  const run = (): void => {
    setError(undefined);
    act().catch((refusal: Error) => setError(refusal.message));
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    run();
  };
  return { error, run, submit };
}
