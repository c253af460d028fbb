import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

interface TotalProps {
  readonly text: string;
  /** The filter by which the rows were found. */
  readonly filter: string;
}

/** The milliseconds after which a screen reader is told what a filter has found: the user may still be typing. */
const TELL_AFTER_MS = 600;

/**
 * The number of rows in a list. It may change ten times a second: a screen reader is told it only when the filter has
 * changed.
 */
export function Total({ text, filter }: TotalProps): JSX.Element {
  const [told, tell] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => tell(text), TELL_AFTER_MS);
    return () => clearTimeout(timer);
  }, [filter]);
  return (
    <>
      <p class="faint total">{text}</p>
      <p class="sr" role="status">
        {told}
      </p>
    </>
  );
}
