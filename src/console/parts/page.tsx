import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { NO_ANSWER } from '../service/calls.js';
import { connection } from '../service/stream.js';

interface PageHeadProps {
  readonly title: ComponentChildren;
  /** The title of the browser tab. */
  readonly name: string;
  readonly above?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The head of a view: its title, and the buttons for its actions, which are the children. */
export function PageHead({ title, name, above, children }: PageHeadProps): JSX.Element {
  useEffect(() => {
    document.title = `${name} · Stepwright`;
  }, [name]);
  return (
    <div class="page-head">
      <div class="page-title">
        {above !== undefined && <p class="above">{above}</p>}
        <h1 dir="auto">{title}</h1>
      </div>
      <div class="actions">{children}</div>
    </div>
  );
}

/** The error message after an action of the user has failed. Renders nothing if `message` is undefined. */
export function ErrorMessage({ message }: { readonly message: string | undefined }): JSX.Element | null {
  if (message === undefined) return null;
  return (
    <p class="error-message" role="alert" dir="auto">
      {message}
    </p>
  );
}

export function Loading(): JSX.Element {
  return <div class="empty">{connection.value === 'lost' ? NO_ANSWER : 'Loading…'}</div>;
}
