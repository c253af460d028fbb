import { useEffect, useState } from 'preact/hooks';
import type { DefinitionProblem } from '../../../framework/local/console/api.js';
import { jsonProblem, locatePath } from '../../model/json-text.js';
import type { Diagnostic } from '../../parts/editor/codemirror.js';
import { command } from '../../service/calls.js';

/** The definition is sent to the service to be checked when the user hasn't changed it for this many milliseconds. */
const PAUSE_MS = 300;

/**
 * Returns the mistakes in a definition while the user writes it. Mistakes in the JSON are found at once, all others
 * after the service has checked it.
 */
export function useDiagnostics(text: string): readonly Diagnostic[] {
  const [problems, setProblems] = useState<readonly DefinitionProblem[]>([]);
  useEffect(() => {
    if (jsonProblem(text) !== undefined) return setProblems([]);
    const timer = setTimeout(() => {
      command('CheckDefinition', { definition: text }).then(
        (found) => setProblems(found.problems),
        () => {},
      );
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const broken = jsonProblem(text);
  if (broken !== undefined) return [diagnosticOfJson(text, broken)];
  return problems.map((each) => diagnosticOf(text, each));
}

const diagnosticOf = (text: string, { path, text: message, fix }: DefinitionProblem): Diagnostic => ({
  ...locatePath(text, path),
  message: `${message} (${path})${fix === undefined ? '' : `: ${fix}`}`,
});

/**
 * Returns the mistake that the browser's JSON parser describes in its error message, at the position that the message
 * contains.
 */
function diagnosticOfJson(text: string, message: string): Diagnostic {
  const from = Math.max(0, Math.min(offsetIn(text, message), text.length - 1));
  return { from, to: from + 1, message };
}

/**
 * Returns the offset in the error message of a JSON parser. Depending on the browser, the message contains `at position
 * 12` or `line 3 column 4`.
 */
function offsetIn(text: string, message: string): number {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  if (line === undefined) return text.length - 1;
  const before = text.split('\n').slice(0, Number(line) - 1);
  return before.join('\n').length + Number(column);
}
