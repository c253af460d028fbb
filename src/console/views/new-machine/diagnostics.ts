import { useEffect, useState } from 'preact/hooks';
import type { DefinitionProblem } from '../../../framework/local/console/api.js';
import { jsonProblem, locatePath } from '../../model/json-text.js';
import type { Diagnostic } from '../../parts/codemirror.js';
import { command } from '../../service/calls.js';

/** The milliseconds after the last change of the text until the definition is sent to the service to be checked. */
const PAUSE_MS = 300;

/**
 * Returns the mistakes in a definition while the user writes it: mistakes in the JSON at once, all others when the
 * service has checked it.
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

/** Makes a diagnostic from the parser's message about a mistake, at the position that the message names. */
function diagnosticOfJson(text: string, message: string): Diagnostic {
  const from = Math.max(0, Math.min(offsetIn(text, message), text.length - 1));
  return { from, to: from + 1, message };
}

/**
 * Returns the offset that a parser's message names. Depending on the browser, the message contains `at position 12` or
 * `line 3 column 4`.
 */
function offsetIn(text: string, message: string): number {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  if (line === undefined) return text.length - 1;
  const before = text.split('\n').slice(0, Number(line) - 1);
  return before.join('\n').length + Number(column);
}
