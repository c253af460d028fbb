import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DefinitionProblem } from '../../framework/local/console/api.js';
import { locatePath, jsonProblem, pretty } from '../model/json-text.js';
import type { Diagnostic } from '../parts/codemirror.js';
import { Editor } from '../parts/editor.js';
import { Graph } from '../parts/graph/graph.js';
import { PageHead, ErrorMessage } from '../parts/page.js';
import { go, route, to } from '../route.js';
import { command, create, query } from '../service/calls.js';
import { useDrawing } from './machine.js';

const FIRST = JSON.stringify(
  { StartAt: 'Hello', States: { Hello: { Type: 'Pass', Result: { message: 'Hello' }, End: true } } },
  null,
  2,
);

/** How long a person has paused when the definition is looked at. */
const PAUSE_MS = 300;
/** Nothing is done with it here; the API wants one. */
const ROLE = 'arn:aws:iam::123456789012:role/stepwright-local';

/** Writes a machine: the definition on one side, what it looks like on the other. */
export function NewMachine(): JSX.Element {
  const [name, setName] = useState('');
  const [text, setText] = useState(FIRST);
  const [problems, setProblems] = useState<readonly DefinitionProblem[]>([]);
  const [trouble, setTrouble] = useState<string>();
  const [selected, select] = useState<string>();
  const from = route.value.query.get('from');
  useEffect(() => {
    if (from === null) return;
    query('machine', { arn: from }).then(
      ({ definition }) => setText(pretty(definition)),
      (error: Error) => setTrouble(error.message),
    );
  }, [from]);
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
  const diagnostics =
    broken === undefined ? problems.map((each) => markOf(text, each)) : [markOfBroken(text, broken)];
  const drawing = useDrawing(text);
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const body = { name, definition: text, roleArn: ROLE };
      const { stateMachineArn } = await create('CreateStateMachine', body);
      go('machines', stateMachineArn);
    } catch (error) {
      setTrouble((error as Error).message);
    }
  };
  return (
    <form class="new-machine" onSubmit={(event) => void save(event)}>
      <PageHead title="New machine" name="New machine" above={<a href={to('machines')}>Machines</a>}>
        <button type="submit" class="primary" disabled={diagnostics.length > 0 || name === ''}>
          Create
        </button>
      </PageHead>
      <ErrorMessage message={trouble} />
      <div class="split even">
        <section class="panel fill" aria-label="Definition">
          <label class="field">
            <span>Name</span>
            <input
              required
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
              maxLength={80}
              placeholder="HelloWorld"
            />
          </label>
          <div class="field grow">
            <span>Definition</span>
            <Editor
              value={text}
              onInput={setText}
              label="Definition, in the states language"
              diagnostics={diagnostics}
            />
          </div>
          <div role="status">
            <ul class="problems" aria-label="Problems of the definition">
              {diagnostics.map(({ message, from: at }) => (
                <li dir="auto">
                  Line {text.slice(0, at).split('\n').length}: {message}
                </li>
              ))}
            </ul>
          </div>
        </section>
        <section class="panel fill" aria-label="Graph">
          {drawing && (
            <Graph drawing={drawing} label="Graph of the new machine" selected={selected} onSelect={select} />
          )}
        </section>
      </div>
    </form>
  );
}

const markOf = (text: string, { path, text: message, fix }: DefinitionProblem): Diagnostic => ({
  ...locatePath(text, path),
  message: `${message} (${path})${fix === undefined ? '' : `: ${fix}`}`,
});

/** The browser says where: `at position 12`, or `line 3 column 4`. */
function markOfBroken(text: string, message: string): Diagnostic {
  const position = /position (\d+)/.exec(message)?.[1];
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  const lines = text.split('\n');
  const before = lines.slice(0, Number(line ?? 1) - 1).join('\n').length;
  const at =
    position === undefined
      ? line === undefined
        ? text.length - 1
        : before + Number(column)
      : Number(position);
  const from = Math.max(0, Math.min(at, text.length - 1));
  return { from, to: from + 1, message };
}
