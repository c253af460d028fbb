import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { pretty } from '../../model/json-text.js';
import { fieldsOf, isObject } from '../../model/schema/schema.js';
import { JsonField } from '../../parts/json-field.js';
import { Tabs } from '../../parts/tabs.js';
import { SchemaForm } from './form/schema-form.js';
import { JsonVerdict } from './form/verdict.js';
import type { KnownInput } from './suggestions.js';

interface InputFieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly known: KnownInput;
  readonly problem: string | undefined;
}

const TABS = { form: 'Form', json: 'JSON' } as const;

/** The field for the input of an execution: a form if the input's schema is known, and JSON. */
export function InputField({ value, onInput, known, problem }: InputFieldProps): JSX.Element {
  const [tab, show] = useState<keyof typeof TABS>('form');
  const schema = known.schema && fieldsOf(known.schema).length > 0 ? known.schema : undefined;
  const form = useRef<HTMLDivElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('input, select, textarea')?.focus(), [schema]);
  const offers = known.suggestions.map(({ word, input }) => (
    <button type="button" class="quiet small" onClick={() => onInput(pretty(input))}>
      {word}
    </button>
  ));
  if (!schema)
    return (
      <JsonField name="Input" value={value} onInput={onInput} problem={problem} focus>
        {offers}
      </JsonField>
    );
  return (
    <>
      <Tabs tabs={TABS} shown={tab} onShow={show} />
      {tab === 'json' || problem !== undefined || !isObject(JSON.parse(value)) ? (
        <>
          <JsonField name="Input" value={value} onInput={onInput} problem={problem}>
            {offers}
          </JsonField>
          {problem === undefined && <JsonVerdict text={value} schema={schema} />}
        </>
      ) : (
        <div class="field" ref={form}>
          <span>Input {offers}</span>
          <SchemaForm text={value} onText={onInput} schema={schema} />
        </div>
      )}
    </>
  );
}
