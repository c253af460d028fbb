import type { JSX } from 'preact';
import { count } from '../../../model/format.js';
import type { Iteration, Visit, VisitStatus } from '../../../../framework/local/view/visit.js';
import type { Selection } from '../../../model/progress.js';

interface IterationsProps {
  readonly map: Visit;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
}

/** The most iterations that are shown as squares. Further ones can be selected by their number. */
const MOST_SQUARES = 1_000;

const WORDS: Readonly<Record<VisitStatus, string>> = {
  running: 'in progress',
  succeeded: 'succeeded',
  caught: 'caught an error',
  failed: 'failed',
  'timed out': 'timed out',
  aborted: 'aborted',
};
const TONES: Readonly<Record<VisitStatus, string>> = {
  running: 'blue',
  succeeded: 'green',
  caught: 'orange',
  failed: 'red',
  'timed out': 'red',
  aborted: 'grey',
};

/**
 * Returns the status of an iteration. An iteration that succeeded although a state in it caught an error has the status
 * `caught`, so that people can find it.
 */
const statusOf = ({ status, caught }: Iteration): VisitStatus =>
  status === 'succeeded' && caught ? 'caught' : status;

/** Shows the iterations of a Map, and the number of them in each status. The user can select one. */
export function Iterations({ map, selection, onSelection }: IterationsProps): JSX.Element {
  const iterations = [...map.iterations.values()].toSorted((a, b) => a.index - b.index);
  const total = map.length ?? iterations.length;
  const picked = selection.get(map.name);
  const pick = (index: number | undefined): void => {
    const next = new Map([...selection].filter(([name]) => name !== map.name));
    if (index !== undefined) next.set(map.name, index);
    onSelection(next);
  };
  return (
    <div>
      <h3>{count(total, 'iteration')}</h3>
      <Tally iterations={iterations} total={total} />
      <label class="field inline-field">
        <span>Iteration</span>
        <input
          type="number"
          min={0}
          max={total - 1}
          value={picked ?? ''}
          placeholder="all"
          onInput={({ currentTarget: { value } }) => pick(value === '' ? undefined : Number(value))}
        />
      </label>
      <Squares iterations={iterations} picked={picked} onPick={pick} />
    </div>
  );
}

interface TallyProps {
  readonly iterations: readonly Iteration[];
  readonly total: number;
}

function Tally({ iterations, total }: TallyProps): JSX.Element {
  const counts = new Map<VisitStatus, number>();
  for (const each of iterations) counts.set(statusOf(each), (counts.get(statusOf(each)) ?? 0) + 1);
  return (
    <p class="tally">
      {(Object.keys(WORDS) as VisitStatus[])
        .filter((each) => counts.has(each))
        .map((each) => (
          <span class={`count ${TONES[each]}`}>
            <b>{counts.get(each)?.toLocaleString('en')}</b> {WORDS[each]}
          </span>
        ))}
      {total > iterations.length && (
        <span class="count none">
          <b>{(total - iterations.length).toLocaleString('en')}</b> not begun
        </span>
      )}
    </p>
  );
}

interface SquaresProps {
  readonly iterations: readonly Iteration[];
  readonly picked: number | undefined;
  readonly onPick: (index: number | undefined) => void;
}

/**
 * Shows the iterations as squares. The Tab key moves the focus to one square, and the arrow keys move it from there;
 * otherwise a thousand squares would need a thousand key presses.
 */
function Squares({ iterations, picked, onPick }: SquaresProps): JSX.Element {
  const tabStop = picked ?? iterations[0]?.index;
  return (
    <div class="squares" role="group" aria-label="Iterations">
      {iterations.slice(0, MOST_SQUARES).map((each) => {
        const { index } = each;
        const status = statusOf(each);
        return (
          <button
            type="button"
            class={`square ${TONES[status]}`}
            aria-pressed={picked === index}
            aria-label={`Iteration ${index}: ${WORDS[status]}`}
            title={`${index}: ${WORDS[status]}`}
            tabIndex={index === tabStop ? 0 : -1}
            onKeyDown={moveFocus}
            onClick={() => onPick(picked === index ? undefined : index)}
          />
        );
      })}
    </div>
  );
}

function moveFocus(event: KeyboardEvent): void {
  const here = event.currentTarget as HTMLElement;
  const next =
    event.key === 'ArrowRight'
      ? here.nextElementSibling
      : event.key === 'ArrowLeft'
        ? here.previousElementSibling
        : null;
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
