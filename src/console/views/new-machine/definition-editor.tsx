import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { completeDefinition } from '../../model/complete-definition.js';
import { pretty } from '../../model/json-text.js';
import type { Diagnostic } from '../../parts/editor/codemirror.js';
import { Editor } from '../../parts/editor/editor.js';
import { Graph } from '../../parts/graph/graph.js';
import { useDrawing } from '../../parts/graph/use-drawing.js';
import { useActivities } from '../../service/topics.js';

interface DefinitionEditorProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly diagnostics: readonly Diagnostic[];
  /** True if the editor gets the focus when it is there. @default false */
  readonly focus?: boolean;
  /** The fields above the editor. */
  readonly children?: ComponentChildren;
}

/** An editor with a definition on one side, its graph on the other. */
export function DefinitionEditor(props: DefinitionEditorProps): JSX.Element {
  const { text, onText, diagnostics, focus = false, children } = props;
  const activities = useActivities()?.map(({ arn }) => arn) ?? [];
  return (
    <div class="split even">
      <section class="panel fill" aria-label="Definition">
        {children}
        <div class="field grow">
          <span>
            Definition
            <button
              type="button"
              class="quiet small"
              onClick={() => onText(pretty(text))}
              disabled={diagnostics.length > 0 && pretty(text) === text}
            >
              Format
            </button>
            <span class="faint">Ctrl-F finds, Ctrl-Space completes</span>
          </span>
          <Editor
            value={text}
            onInput={onText}
            label="Definition, in the states language"
            diagnostics={diagnostics}
            focus={focus}
            complete={(typed, offset) => completeDefinition(typed, offset, activities)}
          />
        </div>
        <Problems text={text} diagnostics={diagnostics} />
      </section>
      <Preview definition={text} />
    </div>
  );
}

interface ProblemsProps {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

const Problems = ({ text, diagnostics }: ProblemsProps): JSX.Element => (
  <div role="status">
    <ul class="problems" aria-label="Problems of the definition">
      {diagnostics.map(({ message, from }) => (
        <li dir="auto">
          Line {text.slice(0, from).split('\n').length}: {message}
        </li>
      ))}
    </ul>
  </div>
);

function Preview({ definition }: { readonly definition: string }): JSX.Element {
  const drawing = useDrawing(definition);
  const [selected, select] = useState<string>();
  return (
    <section class="panel fill" aria-label="Graph">
      {drawing && (
        <Graph drawing={drawing} label="Graph of the definition" selected={selected} onSelect={select} />
      )}
    </section>
  );
}
