import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { problemsOf } from '../../../model/schema/check.js';
import { nodeAt, setIn } from '../../../model/schema/edit-json.js';
import { fieldsOf, type JsonSchema } from '../../../model/schema/schema.js';
import { Control } from './controls.js';
import { pathText, Verdict } from './verdict.js';

interface SchemaFormProps {
  /** The input as JSON, an object. The form shows it, and edits it in place. */
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly schema: JsonSchema;
}

/**
 * A form for an input, made from its schema, with a field for each key. What the schema doesn't accept is said as one
 * types.
 */
export function SchemaForm({ text, onText, schema }: SchemaFormProps): JSX.Element {
  const problems = useMemo(() => problemsOf(JSON.parse(text), schema, schema), [text, schema]);
  return (
    <>
      {fieldsOf(schema).map((field) => {
        const { name, required, otherRules } = field;
        const id = `input/${name}`;
        const own = problems.filter(({ path: [key] }) => key === name);
        const node = nodeAt(text, name);
        return (
          <div class="field" key={name}>
            <label for={id}>
              <span dir="auto">{name}</span>
              {!required && <span class="faint"> (optional)</span>}
            </label>
            <Control
              field={field}
              value={node && { json: text.slice(node.offset, node.offset + node.length), parsed: node.value }}
              onJson={(json) => onText(setIn(text, name, json))}
              attributes={{ id, 'aria-describedby': `${id}~said`, 'aria-invalid': own.length > 0 }}
            />
            <div id={`${id}~said`}>
              {own.map(({ path, message }) => (
                <p class="hint bad">
                  {path.length > 1 && <code>{pathText(path.slice(1))}</code>} {message}
                </p>
              ))}
              {otherRules !== undefined && <p class="hint">The worker checks more: {otherRules}</p>}
            </div>
          </div>
        );
      })}
      <Verdict problems={problems} />
    </>
  );
}
