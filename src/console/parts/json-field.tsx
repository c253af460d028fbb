import type { ComponentChildren, JSX } from 'preact';
import { Editor } from './editor/editor.js';

interface JsonFieldProps {
  readonly name: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** The error message if the text isn't JSON; undefined if it is. */
  readonly problem: string | undefined;
  /** True if the editor gets the focus when it is there. @default false */
  readonly focus?: boolean;
  /** Buttons beside the field's name. */
  readonly children?: ComponentChildren;
}

/** A field of a form in which the user writes JSON. */
export const JsonField = ({ name, children, problem, ...editor }: JsonFieldProps): JSX.Element => (
  <div class="field">
    <span>
      {name}
      {children}
    </span>
    <Editor {...editor} label={`${name}, as JSON`} />
    {problem !== undefined && (
      <p class="hint bad" role="status">
        Not valid JSON: {problem}
      </p>
    )}
  </div>
);
