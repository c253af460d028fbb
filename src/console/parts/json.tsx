import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { jsonTokens, pretty } from '../model/json-text.js';
import { bytes } from '../model/format.js';
import { Icon } from './icons.js';

/**
 * The most characters of a text that are shown at first. That is more than a person reads, and can be painted without a
 * delay.
 */
const SHOWN = 12_000;

/**
 * A JSON text, indented and coloured. Only the beginning of a long text is shown, with a button that shows the rest.
 */
export function Json({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const [whole, setWhole] = useState(false);
  const [copied, setCopied] = useState(false);
  const spaced = pretty(text);
  const cut = !whole && spaced.length > SHOWN;
  const shown = cut ? spaced.slice(0, SHOWN) : spaced;
  const copy = async (): Promise<void> => {
    await navigator.clipboard?.writeText(text);
    setCopied(true);
  };
  return (
    <div class="json">
      <button type="button" class="quiet copy" onClick={() => void copy()} aria-label={`Copy ${label}`}>
        <Icon name={copied ? 'succeeded' : 'copy'} />
      </button>
      <pre tabIndex={0} role="region" aria-label={label} dir="auto">
        {shown.length > SHOWN ? shown : coloured(shown)}
      </pre>
      {cut && (
        <button type="button" class="quiet more" onClick={() => setWhole(true)}>
          Show all {bytes(spaced.length)}
        </button>
      )}
    </div>
  );
}

function coloured(text: string): (JSX.Element | string)[] {
  return [...jsonTokens(text, { spaces: true })].map(({ kind, text: token }) =>
    kind === 'other' || kind === 'mark' ? token : <span class={`j-${kind}`}>{token}</span>,
  );
}
