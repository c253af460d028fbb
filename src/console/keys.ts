/** Returns a handler that acts on the Escape key, unless something inside has used it already. */
export const onEscape =
  (isOn: boolean, act: () => void) =>
  (event: KeyboardEvent): void => {
    if (!isOn || event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    act();
  };
