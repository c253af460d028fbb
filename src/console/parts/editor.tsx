import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Diagnostic, EditorHandle } from './codemirror.js';

interface EditorProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly label: string;
  readonly diagnostics?: readonly Diagnostic[];
}

/** An editor for JSON. The code of CodeMirror (the editor library) is loaded when the first editor is shown. */
export function Editor({ value, onInput, label, diagnostics = [] }: EditorProps): JSX.Element {
  const parent = useRef<HTMLDivElement>(null);
  const handle = useRef<EditorHandle | undefined>(undefined);
  const latest = useRef({ value, onInput, diagnostics });
  latest.current = { value, onInput, diagnostics };
  useEffect(() => {
    let gone = false;
    void import('./codemirror.js').then(({ openEditor }) => {
      if (gone || !parent.current) return;
      handle.current = openEditor(parent.current, label, latest.current.value, (text) => {
        latest.current.value = text;
        latest.current.onInput(text);
      });
      handle.current.show(latest.current.diagnostics);
    });
    return () => {
      gone = true;
      handle.current?.close();
      handle.current = undefined;
    };
  }, [label]);
  useEffect(() => handle.current?.replace(value), [value]);
  useEffect(() => handle.current?.show(diagnostics), [diagnostics]);
  return <div class="editor" ref={parent} />;
}
