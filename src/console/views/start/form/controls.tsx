import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { jsonProblem } from '../../../model/json-text.js';
import { textOfNode } from '../../../model/schema/edit-json.js';
import type { ControlProps } from './field.js';

/** Returns the JSON of a value that was emptied: null if there has to be one and it may be null. */
const emptied = ({ required, field }: ControlProps, json?: string): string | undefined =>
  required ? (field.nullable ? 'null' : json) : undefined;

/** Returns a value as the user writes it: a text without its quotes. */
function shown({ node, context }: ControlProps): string {
  if (!node || node.type === 'null') return '';
  return node.type === 'string' ? String(node.value) : textOfNode(context.text, node);
}

export function TextControl(props: ControlProps): JSX.Element {
  const { context, path, attributes } = props;
  return (
    <input
      {...attributes}
      value={shown(props)}
      onInput={({ currentTarget: { value } }) =>
        context.set(path, value === '' ? emptied(props, '""') : JSON.stringify(value))
      }
    />
  );
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** A number. Its digits are kept as they are written. What is no number yet is kept as a text, which is then refused. */
export function NumberControl(props: ControlProps): JSX.Element {
  const { context, path, attributes } = props;
  return (
    <input
      {...attributes}
      inputMode="decimal"
      value={shown(props)}
      onInput={({ currentTarget: { value } }) => {
        const json = NUMBER.test(value) ? value : JSON.stringify(value);
        context.set(path, value === '' ? emptied(props) : json);
      }}
    />
  );
}

interface OptionsProps extends ControlProps {
  readonly values: readonly unknown[];
}

/** A list of values, and an empty entry for no value. */
function Options({ values, ...props }: OptionsProps): JSX.Element {
  const { context, path, attributes, node } = props;
  const json = node ? textOfNode(context.text, node) : '';
  const options = values.map((each) => JSON.stringify(each));
  return (
    <select
      {...attributes}
      value={json}
      onChange={({ currentTarget: { value } }) => context.set(path, value === '' ? emptied(props) : value)}
    >
      <option value="">…</option>
      {(json === '' || options.includes(json) ? options : [...options, json]).map((each) => (
        <option value={each}>{each.replaceAll(/^"|"$/g, '')}</option>
      ))}
    </select>
  );
}

export const BooleanControl = (props: ControlProps): JSX.Element => (
  <Options {...props} values={[true, false]} />
);

export function ChoiceControl(props: ControlProps): JSX.Element {
  const { enum: values } = props.field.schema;
  return <Options {...props} values={Array.isArray(values) ? values : []} />;
}

/** A value that has no simpler control, as JSON. While it is no JSON, the input keeps the value from before. */
export function JsonControl(props: ControlProps): JSX.Element {
  const { context, path, attributes, node } = props;
  const json = node ? textOfNode(context.text, node) : '';
  const [draft, setDraft] = useState<string>();
  const problem = draft === undefined ? undefined : jsonProblem(draft);
  return (
    <>
      <textarea
        {...attributes}
        rows={Math.min(8, (draft ?? json).split('\n').length)}
        value={draft ?? json}
        placeholder="JSON"
        onInput={({ currentTarget }) => {
          const { value } = currentTarget;
          const wrong = value === '' ? undefined : jsonProblem(value);
          // The browser doesn't submit a form with a field that it knows to be wrong.
          currentTarget.setCustomValidity(wrong === undefined ? '' : `No JSON yet: ${wrong}`);
          setDraft(wrong === undefined ? undefined : value);
          if (wrong === undefined) context.set(path, value === '' ? emptied(props) : value);
        }}
      />
      {problem !== undefined && <p class="hint bad">No JSON yet: {problem}</p>}
    </>
  );
}
