import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { type Completer, completions } from './complete.js';
import { findInText } from './find.js';

/** A mistake in the editor's text, from one offset to another. */
export interface Diagnostic {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export interface EditorHandle {
  /** Replaces the whole text of the editor. Does nothing if it is already the same. */
  replace(text: string): void;
  /** Underlines these mistakes, and removes the underlines of earlier ones. */
  show(diagnostics: readonly Diagnostic[]): void;
  focus(): void;
  close(): void;
}

/**
 * The nonce in the page's content security policy. The browser applies the editor's style sheets only if they have it.
 */
const nonce = document.querySelector<HTMLMetaElement>('meta[name=style-nonce]')?.content ?? '';

const BEHAVIOUR: Extension = [
  EditorView.cspNonce.of(nonce),
  lineNumbers(),
  history(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  json(),
  syntaxHighlighting(classHighlighter),
  lintGutter(),
  EditorView.lineWrapping,
  findInText,
  keymap.of([...defaultKeymap, ...historyKeymap]),
];

/**
 * Creates an editor inside the element `parent`. The Tab key moves the focus out of the editor instead of inserting a
 * tab, so that the page can be used without a mouse.
 */
export function openEditor(
  parent: HTMLElement,
  label: string,
  text: string,
  onInput: (text: string) => void,
  complete?: Completer,
): EditorHandle {
  const extensions = [
    BEHAVIOUR,
    ...(complete ? [completions(complete)] : []),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onInput(update.state.doc.toString());
    }),
  ];
  const view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
  return {
    replace: (next) => {
      const { doc } = view.state;
      if (doc.toString() !== next) view.dispatch({ changes: { from: 0, to: doc.length, insert: next } });
    },
    show: (diagnostics) => {
      const { length } = view.state.doc;
      const inside = diagnostics.map(({ from, to, message }) => ({
        from: Math.min(from, length),
        to: Math.min(Math.max(to, from), length),
        severity: 'error' as const,
        message,
      }));
      view.dispatch(setDiagnostics(view.state, inside));
    },
    focus: () => view.focus(),
    close: () => view.destroy(),
  };
}
