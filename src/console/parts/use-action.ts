import { useState } from 'preact/hooks';

/** An action of the page's user, which the service may refuse. */
export interface Action {
  /** The message of the last refusal; undefined while there is none, and once the action is run again. */
  readonly error: string | undefined;
  readonly run: () => void;
  /** Runs the action in place of a form's own submission. */
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
