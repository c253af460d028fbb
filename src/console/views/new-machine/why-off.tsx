import type { JSX } from 'preact';
import { count } from '../../model/format.js';
import type { Diagnostic } from '../../parts/editor/codemirror.js';

interface WhyOffProps {
  readonly id: string;
  readonly reason: string | undefined;
}

/** Says beside a button why it is off. */
export const WhyOff = ({ id, reason }: WhyOffProps): JSX.Element => (
  <span id={id} class="faint">
    {reason}
  </span>
);

/** Says that a definition has problems; undefined if it has none. */
export const problemsSaid = ({ length }: readonly Diagnostic[]): string | undefined =>
  length === 0 ? undefined : `The definition has ${count(length, 'problem')}.`;
