import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Place, placesFor, usePlaces } from './places.js';

interface GoProps {
  readonly onClose: () => void;
}

/** A dialog in which a few letters lead anywhere. Arrow keys choose, Enter goes there, Escape closes. */
export function GoDialog({ onClose }: GoProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  // Letters that are typed at once belong to the dialog.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const [text, setText] = useState('');
  const [chosen, choose] = useState(0);
  const places = placesFor(text, usePlaces());
  const at = Math.min(chosen, places.length - 1);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: 'nearest' }), [at, text]);
  const go = (place: Place | undefined): void => {
    if (!place) return;
    onClose();
    location.hash = place.url;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) choose((at + step + places.length) % Math.max(1, places.length));
    else if (event.key === 'Enter') go(places[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="dialog go" aria-label="Go to" onClose={onClose}>
      <input
        type="text"
        role="combobox"
        aria-label="Go to a page, machine, activity or execution"
        aria-expanded={places.length > 0}
        aria-controls="places"
        aria-activedescendant={places.length > 0 ? `place-${at}` : undefined}
        placeholder="Go to a page, machine, activity or execution"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          choose(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="places" role="listbox" aria-label="Places" ref={list}>
        {places.map((place, i) => (
          <li id={`place-${i}`} role="option" aria-selected={i === at} onClick={() => go(place)}>
            <span dir="auto">{place.name}</span>{' '}
            <span class="faint">
              {place.kind}
              {place.of !== undefined && ` of ${place.of}`}
            </span>
          </li>
        ))}
      </ul>
      {places.length === 0 && <p class="empty">There is nothing of that name.</p>}
    </dialog>
  );
}
