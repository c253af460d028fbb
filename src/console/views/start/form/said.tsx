import type { ComponentChildren, JSX } from 'preact';

interface SaidProps {
  readonly id: string;
  readonly problems: readonly string[];
  readonly children?: ComponentChildren;
}

/** Shows the problems of a value. */
export const Said = ({ id, problems, children }: SaidProps): JSX.Element => (
  <div id={id}>
    {problems.map((message) => (
      <p class="hint bad">{message}</p>
    ))}
    {children}
  </div>
);
