import type { JSX } from 'preact';
import type { Iteration, Visit } from '../../model/history.js';
import type { Selection } from '../../model/progress.js';
import { count } from '../../model/format.js';

interface IterationsProps {
  readonly map: Visit;
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
}

/** So many squares are painted; a number reaches the others. */
const SQUARES = 1_000;

type Stands = 'running' | 'succeeded' | 'caught' | 'failed' | 'aborted';
const WORDS: Readonly<Record<Stands, string>> = {
  running: 'in progress',
  succeeded: 'succeeded',
  caught: 'caught an error',
  failed: 'failed',
  aborted: 'aborted',
};
const TONES: Readonly<Record<Stands, string>> = {
  running: 'blue',
  succeeded: 'green',
  caught: 'orange',
  failed: 'red',
  aborted: 'grey',
};

/** One that succeeded after a state in it was caught is told apart: that is what people look for. */
const standsOf = ({ status, caught }: Iteration): Stands =>
  status === 'succeeded' && caught ? 'caught' : status;

/** The iterations of a Map: counted, and each to be picked. */
export function Iterations({ map, selection, onSelection }: IterationsProps): JSX.Element {
  const iterations = [...map.iterations.values()].toSorted((a, b) => a.index - b.index);
  const counts = new Map<Stands, number>();
  for (const each of iterations) counts.set(standsOf(each), (counts.get(standsOf(each)) ?? 0) + 1);
  const picked = selection.get(map.name);
  const pick = (index: number | undefined): void => {
    const next = new Map([...selection].filter(([name]) => name !== map.name));
    if (index !== undefined) next.set(map.name, index);
    onSelection(next);
  };
  const total = map.length ?? iterations.length;
  return (
    <div class="iterations">
      <h3>{count(total, 'iteration')}</h3>
      <p class="tally">
        {(Object.keys(WORDS) as Stands[])
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
      <label class="field inline-field">
        <span>Look at iteration</span>
        <input
          type="number"
          min={0}
          max={total - 1}
          value={picked ?? ''}
          placeholder="all"
          onInput={({ currentTarget: { value } }) => pick(value === '' ? undefined : Number(value))}
        />
      </label>
      <div class="squares" role="group" aria-label="Iterations">
        {iterations.slice(0, SQUARES).map((each) => (
          <button
            type="button"
            class={`square ${TONES[standsOf(each)]}`}
            aria-pressed={picked === each.index}
            aria-label={`Iteration ${each.index}: ${WORDS[standsOf(each)]}`}
            title={`${each.index}: ${WORDS[standsOf(each)]}`}
            tabIndex={each.index === (picked ?? iterations[0]?.index) ? 0 : -1}
            onKeyDown={moveBetween}
            onClick={() => pick(picked === each.index ? undefined : each.index)}
          />
        ))}
      </div>
    </div>
  );
}

/** Arrow keys go from square to square: Tab would take a thousand steps. */
function moveBetween(event: KeyboardEvent): void {
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
