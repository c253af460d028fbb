import type { ComponentType, JSX } from 'preact';
import type { Path } from '../../../model/schema/check.js';
import { type Node, nodeAt } from '../../../model/schema/edit-json.js';
import { type Field, fieldOf, type JsonSchema, otherRules } from '../../../model/schema/schema.js';
import { ListFields, ObjectFields } from './parts-of-value.js';
import { Said } from './said.js';
import { BooleanControl, ChoiceControl, JsonControl, NumberControl, TextControl } from './controls.js';

/** The properties that all fields of a form share. */
export interface FormContext {
  readonly text: string;
  readonly tree: Node | undefined;
  readonly root: JsonSchema;
  /** Sets the JSON of a value; undefined removes it. */
  readonly set: (path: Path, json: string | undefined) => void;
  /** The problems, by the path of the value. */
  readonly problems: ReadonlyMap<string, readonly string[]>;
}

export interface FieldProps {
  readonly context: FormContext;
  readonly schema: JsonSchema;
  readonly path: Path;
  readonly name: string;
  /** True if the value can't be left out. */
  readonly required: boolean;
}

/** The properties of the control of a field. */
export interface ControlProps extends FieldProps {
  readonly field: Field;
  /** The value as it is now; undefined if there is none. */
  readonly node: Node | undefined;
  /** Renders the field of a part of the value. */
  readonly Part: ComponentType<FieldProps>;
  /** The attributes that the control needs to be found by its label, and to be read with what is wrong. */
  readonly attributes: {
    readonly id: string;
    readonly 'aria-describedby': string;
    readonly 'aria-invalid': boolean;
  };
}

export const keyOf = (path: Path): string => path.map((part) => `/${part}`).join('');

const CONTROLS = {
  text: TextControl,
  number: NumberControl,
  boolean: BooleanControl,
  choice: ChoiceControl,
  json: JsonControl,
} as const;

/** The field of a form for one value. */
export function FieldOf(props: FieldProps): JSX.Element {
  const { context, schema, path, required } = props;
  const field = fieldOf(schema, context.root);
  const id = `input${keyOf(path)}`;
  const said = context.problems.get(keyOf(path)) ?? [];
  const control: ControlProps = {
    ...props,
    field,
    Part: FieldOf,
    node: nodeAt(context.tree, path),
    attributes: { id, 'aria-describedby': `${id}~said`, 'aria-invalid': said.length > 0 },
  };
  if (field.kind === 'object') return <ObjectFields {...control} />;
  if (field.kind === 'list') return <ListFields {...control} />;
  const Control = CONTROLS[field.kind];
  return (
    <div class="field">
      <label for={id}>
        <span dir="auto">{props.name}</span>
        {!required && <span class="faint"> (optional)</span>}
      </label>
      <Control {...control} />
      <Said id={`${id}~said`} problems={said}>
        {otherRules(field.schema) !== undefined && (
          <p class="hint">The worker checks more: {otherRules(field.schema)}</p>
        )}
      </Said>
    </div>
  );
}
