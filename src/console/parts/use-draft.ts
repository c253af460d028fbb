import { useState } from 'preact/hooks';

/** Texts by the names of the fields. */
type Texts<Field extends string> = { readonly [K in Field]?: string };

/** The texts that the user has typed into a form and not sent. */
interface Draft<Field extends string> {
  /** Empty if the user has typed nothing. */
  readonly typed: Texts<Field>;
  readonly change: (part: Texts<Field>) => void;
  readonly discard: () => void;
}

/** Keeps what the user types in the storage of the tab, so that it is there after leaving the view and after a reload. */
export function useDraft<Field extends string>(form: string): Draft<Field> {
  const key = `stepwright.draft ${form}`;
  const [typed, setTyped] = useState<Texts<Field>>(() => stored(key));
  return {
    typed,
    change: (part) =>
      setTyped((before) => {
        const next = { ...before, ...part };
        store(key, JSON.stringify(next));
        return next;
      }),
    discard: () => {
      store(key, undefined);
      setTyped({});
    },
  };
}

function stored<Field extends string>(key: string): Texts<Field> {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '{}') as Texts<Field>;
  } catch {
    // The browser keeps nothing for this page.
    return {};
  }
}

function store(key: string, text: string | undefined): void {
  try {
    if (text === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // The storage is full or closed. The text lasts as long as the form.
  }
}
