import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { count } from '../model/format.js';
import { diffLines, hunksOf } from '../model/line-diff.js';

interface DiffProps {
  readonly before: string;
  readonly after: string;
  readonly label: string;
}

const SIGNS = { same: ' ', removed: '-', added: '+' } as const;
const WORDS = { same: '', removed: 'Removed: ', added: 'Added: ' } as const;

/** The difference between two texts, line by line. */
export function Diff({ before, after, label }: DiffProps): JSX.Element {
  const hunks = useMemo(() => hunksOf(diffLines(before, after)), [before, after]);
  if (before === after) return <p class="faint">There is no difference.</p>;
  return (
    <div class="json">
      <pre class="diff" tabIndex={0} role="region" aria-label={label} dir="auto">
        {hunks.map((line) =>
          typeof line === 'number' ? (
            <span class="faint">… {count(line, 'line')} as before</span>
          ) : (
            <span class={line.kind} data-diff={line.kind}>
              <span aria-hidden="true">{SIGNS[line.kind]} </span>
              <span class="sr">{WORDS[line.kind]}</span>
              {line.text}
            </span>
          ),
        )}
      </pre>
    </div>
  );
}
