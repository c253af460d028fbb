import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { forgetInput, keepInput, keptInputs } from '../../model/kept-inputs.js';
import { ErrorMessage } from '../../parts/page.js';

interface KeptInputsProps {
  readonly machine: string;
  readonly text: string;
  readonly onPick: (input: string) => void;
}

/** The inputs of a machine that the user has kept by name. */
export function KeptInputs({ machine, text, onPick }: KeptInputsProps): JSX.Element {
  const [kept, setKept] = useState(() => keptInputs(machine));
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  const isKept = kept.some((each) => each.name === name);
  const change = (act: () => void): void => {
    try {
      act();
      setError(undefined);
    } catch (refusal) {
      setError((refusal as Error).message);
    }
    setKept(keptInputs(machine));
  };
  const keep = (): void => {
    if (name.trim() !== '') change(() => keepInput({ machine, name, input: text }));
  };
  const pick = (wanted: string): void => {
    setName(wanted);
    const found = kept.find((each) => each.name === wanted);
    if (found) onPick(found.input);
  };
  return (
    <>
      <div class="filters kept" role="group" aria-label="Kept inputs">
        {kept.length > 0 && (
          <label>
            <span>Kept</span>
            <select value={isKept ? name : ''} onChange={(event) => pick(event.currentTarget.value)}>
              <option value="">…</option>
              {kept.map((each) => (
                <option value={each.name}>{each.name}</option>
              ))}
            </select>
          </label>
        )}
        <label class="grow" title="The name by which this browser keeps the input for this machine">
          <span>Keep as</span>
          <input
            ref={field}
            value={name}
            maxLength={80}
            onInput={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              // Enter in a field would start the execution.
              event.preventDefault();
              keep();
            }}
          />
        </label>
        <button
          type="button"
          disabled={name.trim() === ''}
          onClick={keep}
          title="Keeps the input in this browser under the name, to start with it again"
        >
          {isKept ? 'Replace' : 'Keep'}
        </button>
        {isKept && (
          <button
            type="button"
            title="Removes the kept input from this browser"
            onClick={() => {
              change(() => forgetInput({ machine, name }));
              field.current?.focus();
            }}
          >
            Forget
          </button>
        )}
      </div>
      <ErrorMessage message={error} />
    </>
  );
}
