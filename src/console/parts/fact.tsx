import type { ComponentChildren, JSX } from 'preact';

interface FactProps {
  readonly name: string;
  /** True if the value says by itself what it is: only screen readers are told the name. @default false */
  readonly isPlain?: boolean;
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A name and a value in a list of facts. */
export const Fact = ({ name, isPlain = false, title, children }: FactProps): JSX.Element => (
  <div>
    <dt class={isPlain ? 'sr' : undefined}>{name}</dt>
    <dd title={title}>{children}</dd>
  </div>
);
