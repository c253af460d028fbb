import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Diagnostic, EditorHandle } from './codemirror.js';
import type { Completer } from './complete.js';

interface EditorProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly label: string;
  readonly diagnostics?: readonly Diagnostic[];
  /** True if the editor gets the focus when it is there. @default false */
  readonly focus?: boolean;
  /** Returns what could be written at a place. It may change while the editor is shown. */
  readonly complete?: Completer;
}

/** An editor for JSON. The code of CodeMirror (the editor library) is loaded when the first editor is shown. */
export function Editor(props: EditorProps): JSX.Element {
  const { value, onInput, label, diagnostics = [], focus = false, complete } = props;
  const parent = useRef<HTMLDivElement>(null);
  const handle = useRef<EditorHandle | undefined>(undefined);
  const latest = useRef({ value, onInput, diagnostics, complete });
  latest.current = { value, onInput, diagnostics, complete };
  // The text that the editor itself has reported last. While it is painted, the user may have typed on.
  const reported = useRef(value);
  const isOwn = value === reported.current;
  useEffect(() => {
    let gone = false;
    void import('./codemirror.js').then(({ openEditor }) => {
      if (gone || !parent.current) return;
      reported.current = latest.current.value;
      handle.current = openEditor(
        parent.current,
        label,
        latest.current.value,
        (text) => {
          reported.current = text;
          latest.current.onInput(text);
        },
        latest.current.complete && ((text, offset) => latest.current.complete?.(text, offset)),
      );
      handle.current.show(latest.current.diagnostics);
      if (focus) handle.current.focus();
    });
    return () => {
      gone = true;
      handle.current?.close();
      handle.current = undefined;
    };
  }, [label]);
  useEffect(() => {
    if (!isOwn) handle.current?.replace(value);
  }, [value]);
  useEffect(() => handle.current?.show(diagnostics), [diagnostics]);
  return <div class="editor" ref={parent} />;
}
