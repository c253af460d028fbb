import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { jsonProblem } from '../../../model/json-text.js';
import type { Field } from '../../../model/schema/schema.js';

interface ControlProps {
  readonly field: Field;
  /** The value as JSON and as it was parsed; undefined if there is none. */
  readonly value: { readonly json: string; readonly parsed: unknown } | undefined;
  /** Sets the JSON of the value; undefined removes it. */
  readonly onJson: (json: string | undefined) => void;
  /** The attributes that the control needs to be found by its label, and to be read with what is wrong. */
  readonly attributes: {
    readonly id: string;
    readonly 'aria-describedby': string;
    readonly 'aria-invalid': boolean;
  };
}

/** The control in which one value of an input is written. */
export function Control(props: ControlProps): JSX.Element {
  const { kind } = props.field;
  if (kind === 'choice') return <ChoiceControl {...props} />;
  return kind === 'json' ? <JsonControl {...props} /> : <LineControl {...props} />;
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * A text or a number, in one line. The digits of a number are kept as they are written. What is no number yet is kept as
 * a text, which is then refused.
 */
function LineControl({ field: { kind, required }, value, onJson, attributes }: ControlProps): JSX.Element {
  const jsonOf = (typed: string): string | undefined => {
    if (typed === '') return kind === 'text' && required ? '""' : undefined;
    return kind === 'number' && NUMBER.test(typed) ? typed : JSON.stringify(typed);
  };
  const { json = '', parsed = null } = value ?? {};
  return (
    <input
      {...attributes}
      inputMode={kind === 'number' ? 'decimal' : 'text'}
      value={typeof parsed === 'string' ? parsed : parsed === null ? '' : json}
      onInput={(event) => onJson(jsonOf(event.currentTarget.value))}
    />
  );
}

/** A list of values, and an empty entry for no value. */
function ChoiceControl({ field: { values }, value, onJson, attributes }: ControlProps): JSX.Element {
  const { json = '' } = value ?? {};
  const options = values.map((each) => JSON.stringify(each));
  return (
    <select {...attributes} value={json} onChange={(event) => onJson(event.currentTarget.value || undefined)}>
      <option value="">…</option>
      {(json === '' || options.includes(json) ? options : [...options, json]).map((each) => (
        <option value={each}>{each.replaceAll(/^"|"$/g, '')}</option>
      ))}
    </select>
  );
}

/** A value that has no simpler control, as JSON. While it is no JSON, the input keeps the value from before. */
function JsonControl({ value, onJson, attributes }: ControlProps): JSX.Element {
  const [draft, setDraft] = useState<string>();
  const text = draft ?? value?.json ?? '';
  const problem = draft === undefined ? undefined : jsonProblem(draft);
  return (
    <>
      <textarea
        {...attributes}
        rows={Math.min(8, text.split('\n').length)}
        value={text}
        placeholder="JSON"
        onInput={({ currentTarget }) => {
          const { value: typed } = currentTarget;
          const wrong = typed === '' ? undefined : jsonProblem(typed);
          // The browser doesn't submit a form with a field that it knows to be wrong.
          currentTarget.setCustomValidity(wrong === undefined ? '' : `Not valid JSON: ${wrong}`);
          setDraft(wrong === undefined ? undefined : typed);
          if (wrong === undefined) onJson(typed || undefined);
        }}
      />
      {problem !== undefined && <p class="hint bad">Not valid JSON: {problem}</p>}
    </>
  );
}
