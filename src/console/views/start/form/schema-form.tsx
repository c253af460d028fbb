import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { problemsOf } from '../../../model/schema/check.js';
import { parseTree, setIn } from '../../../model/schema/edit-json.js';
import type { JsonSchema } from '../../../model/schema/schema.js';
import { FieldOf, keyOf, type FormContext } from './field.js';
import { Verdict } from './verdict.js';

interface SchemaFormProps {
  /** The input as JSON. The form shows it, and edits it in place. */
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly schema: JsonSchema;
}

/** A form for an input, made from its schema. What the schema doesn't accept is said as one types. */
export function SchemaForm({ text, onText, schema }: SchemaFormProps): JSX.Element {
  const problems = useMemo(() => problemsOf(JSON.parse(text), schema, schema), [text, schema]);
  const context: FormContext = {
    text,
    tree: useMemo(() => parseTree(text), [text]),
    root: schema,
    set: (path, json) => onText(setIn(text, path, json)),
    problems: useMemo(() => {
      const found = new Map<string, string[]>();
      for (const { path, message } of problems)
        found.set(keyOf(path), [...(found.get(keyOf(path)) ?? []), message]);
      return found;
    }, [problems]),
  };
  return (
    <div class="schema-form">
      <FieldOf context={context} schema={schema} path={[]} name="Input" required />
      <Verdict problems={problems} />
    </div>
  );
}
