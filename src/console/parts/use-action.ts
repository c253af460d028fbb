import { useRef, useState } from 'preact/hooks';

/** Something that the user can do and that the service may reject, such as starting an execution. */
export interface Action {
  /**
   * The error message if the service has rejected the action; undefined otherwise, and again when the action is
   * repeated.
   */
  readonly error: string | undefined;
  /** Runs the action. Does nothing while it is running, as after a second click. */
  readonly run: () => void;
  /** Forgets the error message. */
  readonly clear: () => void;
  /**
   * The handler for a form's `submit` event. It runs the action, and keeps the browser from submitting the form itself.
   */
  readonly submit: (event: Event) => void;
}

export function useAction(act: () => Promise<void>): Action {
  const [error, setError] = useState<string>();
  const isBusy = useRef(false);
  const run = (): void => {
    if (isBusy.current) return;
    isBusy.current = true;
    setError(undefined);
    act()
      .catch((refusal: Error) => setError(refusal.message))
      .finally(() => (isBusy.current = false));
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    run();
  };
  return { error, run, clear: () => setError(undefined), submit };
}
