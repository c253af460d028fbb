import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { jsonTokens, pretty } from '../model/json-text.js';
import { bytes } from '../model/format.js';
import { Icon } from './icons.js';

/**
 * The most characters of a text that are shown at first. That is more than a person reads, and can be painted without a
 * delay.
 */
const SHOWN = 12_000;

interface JsonProps {
  readonly text: string;
  readonly label: string;
  /** True for a text that isn't JSON. It is shown as it is. */
  readonly plain?: boolean;
}

/**
 * A JSON text, indented and coloured. Only the beginning of a long text is shown, with a button that shows the rest.
 */
export function Json({ text, label, plain = false }: JsonProps): JSX.Element {
  const [whole, setWhole] = useState(false);
  const [copied, setCopied] = useState<'copied' | 'failed'>();
  const spaced = useMemo(() => (plain ? text : pretty(text)), [text, plain]);
  const cut = !whole && spaced.length > SHOWN;
  const shown = cut ? spaced.slice(0, SHOWN) : spaced;
  const copy = (): void => {
    copyText(text).then(
      () => setCopied('copied'),
      () => setCopied('failed'),
    );
  };
  return (
    <div class="json">
      <button
        type="button"
        class="quiet copy"
        onClick={copy}
        aria-label={`Copy ${label}`}
        title={copied === 'failed' ? 'The browser refused to copy it' : undefined}
      >
        <Icon name={copied === 'copied' ? 'succeeded' : (copied ?? 'copy')} />
      </button>
      <pre tabIndex={0} role="region" aria-label={label} dir="auto">
        {plain || shown.length > SHOWN ? shown : coloured(shown)}
      </pre>
      {cut && (
        <button type="button" class="quiet more" onClick={() => setWhole(true)}>
          Show all {bytes(spaced.length)}
        </button>
      )}
    </div>
  );
}

/** Rejects if the browser doesn't let the page copy, or has no clipboard for it: it has one for secure origins only. */
async function copyText(text: string): Promise<void> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (!clipboard) throw new Error('no clipboard');
  await clipboard.writeText(text);
}

function coloured(text: string): (JSX.Element | string)[] {
  return [...jsonTokens(text, { spaces: true })].map(({ kind, text: token }) =>
    kind === 'other' || kind === 'mark' ? token : <span class={`j-${kind}`}>{token}</span>,
  );
}
