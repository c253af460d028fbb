import type { JSX } from 'preact';
import type { Selection } from '../../model/progress.js';
import { Icon } from '../../parts/icons.js';

interface LegendProps {
  readonly selection: Selection;
  readonly onSelection: (selection: Selection) => void;
}

const COLOURS = [
  ['blue', 'In progress'],
  ['green', 'Succeeded'],
  ['red', 'Failed or timed out'],
  ['orange', 'Caught error'],
  ['grey', 'Aborted'],
  ['none', 'Not reached'],
] as const;

/** The legend of the graph. It explains the colours, and shows which iterations of Maps are selected. */
export function Legend({ selection, onSelection }: LegendProps): JSX.Element {
  return (
    <div class="legend">
      {[...selection].map(([map, index]) => (
        <button
          type="button"
          class="chip"
          onClick={() => onSelection(new Map([...selection].filter(([name]) => name !== map)))}
        >
          <span dir="auto">{map}</span>: iteration {index}
          <Icon name="close" />
          <span class="sr">Show all iterations</span>
        </button>
      ))}
      <ul class="key" aria-label="Colours">
        {COLOURS.map(([tone, text]) => (
          <li>
            <i class={`swatch ${tone}`} />
            {text}
          </li>
        ))}
      </ul>
    </div>
  );
}
