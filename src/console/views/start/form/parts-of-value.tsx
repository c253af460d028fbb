import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { fieldOf, isObject, type JsonSchema } from '../../../model/schema/schema.js';
import { Icon } from '../../../parts/icons.js';
import type { ControlProps } from './field.js';
import { Said } from './said.js';

const schemaIn = (value: unknown): JsonSchema => (isObject(value) ? value : {});

/** The fields of an object. One that may be left out is added and removed by a button. */
export function ObjectFields(props: ControlProps): JSX.Element {
  const { context, path, name, required, field, node, attributes, Part } = props;
  const { properties, required: needed } = field.schema;
  const isThere = node?.type === 'object';
  const keys = Array.isArray(needed) ? needed : [];
  const members = (
    <>
      {isThere &&
        Object.entries(schemaIn(properties)).map(([key, schema]) => (
          <Part
            key={key}
            context={context}
            schema={schemaIn(schema)}
            path={[...path, key]}
            name={key}
            required={keys.includes(key)}
          />
        ))}
      <Said id={attributes['aria-describedby']} problems={context.problems.get(pathKey(props)) ?? []} />
    </>
  );
  if (path.length === 0 && isThere) return members;
  return (
    <fieldset>
      <legend dir="auto">{name}</legend>
      {!(isThere && required) && (
        <button
          type="button"
          class="small"
          onClick={() => context.set(path, isThere ? undefined : '{}')}
          aria-label={`${isThere ? 'Remove' : 'Add'} ${name}`}
        >
          <Icon name={isThere ? 'minus' : 'plus'} />
          {isThere ? 'Remove' : 'Add'}
        </button>
      )}
      {members}
    </fieldset>
  );
}

const pathKey = ({ path }: ControlProps): string => path.map((part) => `/${part}`).join('');

/** The most items of a list that have fields. Longer lists are written as JSON. */
const MOST_ITEMS = 50;

/** The items of a list, each with a button that removes it. */
export function ListFields(props: ControlProps): JSX.Element {
  const { context, path, name, required, field, node, attributes, Part } = props;
  const add = useRef<HTMLButtonElement>(null);
  const items = schemaIn(field.schema['items']);
  const length = node?.type === 'array' ? (node.children?.length ?? 0) : 0;
  const remove = (index: number): void => {
    context.set(length === 1 && !required ? path : [...path, index], undefined);
    // The button that had the focus is gone.
    add.current?.focus();
  };
  const append = (): void => {
    const json = EMPTY[fieldOf(items, context.root).kind];
    if (length === 0) context.set(path, `[${json}]`);
    else context.set([...path, -1], json);
  };
  return (
    <fieldset>
      <legend>
        <span dir="auto">{name}</span>
        {!required && <span class="faint"> (optional)</span>}
      </legend>
      {Array.from({ length: Math.min(length, MOST_ITEMS) }, (_, index) => (
        <div class="list-item" key={index}>
          <Part
            context={context}
            schema={items}
            path={[...path, index]}
            name={`${name} ${index + 1}`}
            required
          />
          <button
            type="button"
            class="quiet"
            onClick={() => remove(index)}
            aria-label={`Remove ${name} ${index + 1}`}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {length > MOST_ITEMS && <p class="hint">and {length - MOST_ITEMS} more: write them as JSON.</p>}
      <button type="button" class="small" ref={add} onClick={append} aria-label={`Add to ${name}`}>
        <Icon name="plus" />
        Add
      </button>
      <Said id={attributes['aria-describedby']} problems={context.problems.get(pathKey(props)) ?? []} />
    </fieldset>
  );
}

/** The JSON of a new item. */
const EMPTY = {
  text: '""',
  number: '0',
  boolean: 'false',
  choice: '""',
  object: '{}',
  list: '[]',
  json: 'null',
} as const;
