import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { EditorHandle } from './editor-core.js';

/** Something wrong in the text, from one offset to another. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

interface EditorProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly label: string;
  readonly marks?: readonly Mark[];
}

/** An editor of JSON. Its code is fetched when the first one is needed. */
export function Editor({ value, onInput, label, marks = [] }: EditorProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const handle = useRef<EditorHandle | undefined>(undefined);
  const latest = useRef({ value, onInput, marks });
  latest.current = { value, onInput, marks };
  useEffect(() => {
    let gone = false;
    void import('./editor-core.js').then(({ openEditor }) => {
      if (gone || !place.current) return;
      handle.current = openEditor(place.current, label, latest.current.value, (text) => {
        latest.current.value = text;
        latest.current.onInput(text);
      });
      handle.current.mark(latest.current.marks);
    });
    return () => {
      gone = true;
      handle.current?.close();
      handle.current = undefined;
    };
  }, [label]);
  useEffect(() => handle.current?.replace(value), [value]);
  useEffect(() => handle.current?.mark(marks), [marks]);
  return <div class="editor" ref={place} />;
}
