import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { count } from '../../../model/format.js';
import { type Path, problemsOf, type SchemaProblem } from '../../../model/schema/check.js';
import type { JsonSchema } from '../../../model/schema/schema.js';

export const pathText = (path: Path): string => path.map((part) => `/${part}`).join('');

/** Says if the worker will refuse an input. */
export const Verdict = ({ problems }: { readonly problems: readonly SchemaProblem[] }): JSX.Element => (
  <p class={`hint ${problems.length > 0 ? 'bad' : ''}`} role="status">
    {problems.length > 0
      ? `The worker will refuse this input: ${count(problems.length, 'problem')}.`
      : 'The input fits the rules of the activity.'}
  </p>
);

interface JsonVerdictProps {
  /** The input as JSON. */
  readonly text: string;
  readonly schema: JsonSchema;
}

/** Says if the worker will refuse an input that is written as JSON, and lists each problem with its place. */
export function JsonVerdict({ text, schema }: JsonVerdictProps): JSX.Element {
  const problems = useMemo(() => problemsOf(JSON.parse(text), schema, schema), [text, schema]);
  return (
    <>
      <Verdict problems={problems} />
      {problems.length > 0 && (
        <ul class="problems" aria-label="Problems of the input">
          {problems.map(({ path, message }) => (
            <li dir="auto">
              <code>{pathText(path) || 'The input'}</code> {message}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
