import { useEffect } from 'preact/hooks';

/** Returns a handler that acts on the Escape key, unless something inside has used it already. */
export const onEscape =
  (isOn: boolean, act: () => void) =>
  (event: KeyboardEvent): void => {
    if (!isOn || event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    act();
  };

/** Acts on the Escape key wherever the focus is, unless a dialog, a menu, a search or something else uses the key. */
export function useEscape(isOn: boolean, act: () => void): void {
  useEffect(() => {
    const onKeyDown = onEscape(isOn, act);
    const listen = (event: KeyboardEvent): void => {
      if (!isUsed(event.target)) onKeyDown(event);
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  });
}

const isUsed = (target: EventTarget | null): boolean =>
  document.querySelector('dialog[open], :popover-open') !== null ||
  (target instanceof HTMLInputElement && target.type === 'search' && target.value !== '');
