import { useState } from 'preact/hooks';

/** An action of the person at the page, which the service may refuse. */
export interface Action {
  /** The message of the last refusal; undefined once the action is run again. */
  readonly error: string | undefined;
  readonly run: () => void;
  /** Runs it in place of a form's own submission. */
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
