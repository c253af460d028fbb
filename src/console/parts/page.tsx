import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';

interface HeadProps {
  readonly title: ComponentChildren;
  /** What the tab is called. */
  readonly name: string;
  readonly above?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The head of a view: where one is, and what can be done here. */
export function Head({ title, name, above, children }: HeadProps): JSX.Element {
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

/** What went wrong with something that a person did. */
export function Trouble({ message }: { readonly message: string | undefined }): JSX.Element | null {
  if (message === undefined) return null;
  return (
    <p class="trouble" role="alert" dir="auto">
      {message}
    </p>
  );
}

export function Loading(): JSX.Element {
  return <div class="empty">Loading…</div>;
}
