import { type Extension, type Range, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, keymap, type Panel, showPanel } from '@codemirror/view';

const setOpen = StateEffect.define<boolean>();
const setWanted = StateEffect.define<string>();

interface Search {
  readonly open: boolean;
  /** The text that is looked for; empty if there is none. */
  readonly wanted: string;
  readonly found: DecorationSet;
}

/** The most places that are marked. */
const MOST_FOUND = 2_000;
const MARK = Decoration.mark({ class: 'cm-found' });

function placesOf(wanted: string, text: string): Range<Decoration>[] {
  const places: Range<Decoration>[] = [];
  const [all, part] = [text.toLowerCase(), wanted.toLowerCase()];
  if (part === '') return places;
  for (let at = all.indexOf(part); at !== -1; at = all.indexOf(part, at + part.length)) {
    places.push(MARK.range(at, at + part.length));
    if (places.length === MOST_FOUND) break;
  }
  return places;
}

const search = StateField.define<Search>({
  create: () => ({ open: false, wanted: '', found: Decoration.none }),
  update(before, { effects, docChanged, state }) {
    let { open, wanted } = before;
    for (const effect of effects) {
      if (effect.is(setOpen)) open = effect.value;
      if (effect.is(setWanted)) wanted = effect.value;
    }
    if (open === before.open && wanted === before.wanted && !docChanged) return before;
    const found = open ? Decoration.set(placesOf(wanted, state.doc.toString())) : Decoration.none;
    return { open, wanted, found };
  },
  provide: (field) => [
    EditorView.decorations.from(field, ({ found }) => found),
    showPanel.from(field, ({ open }) => (open ? findPanel : null)),
  ],
});

/** Selects the next place, or the one before, and begins again at the other end of the text. */
function step(view: EditorView, forwards: boolean): boolean {
  const { found } = view.state.field(search);
  const { from, to } = view.state.selection.main;
  const places: { from: number; to: number }[] = [];
  found.between(0, view.state.doc.length, (start, end) => void places.push({ from: start, to: end }));
  const next = forwards
    ? (places.find((each) => each.from >= to && each.to > to) ?? places[0])
    : (places.findLast((each) => each.to <= from) ?? places.at(-1));
  if (!next) return false;
  view.dispatch({ selection: { anchor: next.from, head: next.to }, scrollIntoView: true });
  return true;
}

function close(view: EditorView): boolean {
  if (!view.state.field(search).open) return false;
  view.dispatch({ effects: setOpen.of(false) });
  view.focus();
  return true;
}

/** The panel with the text that is looked for. */
function findPanel(view: EditorView): Panel {
  const dom = document.createElement('div');
  dom.className = 'cm-find';
  const field = Object.assign(document.createElement('input'), {
    value: view.state.field(search).wanted,
    placeholder: 'Find',
  });
  field.setAttribute('aria-label', 'Find in the text');
  const said = document.createElement('span');
  said.setAttribute('role', 'status');
  const say = (): void => {
    const { wanted, found } = view.state.field(search);
    const at = found.size === 0 ? 'Not found' : `${found.size} found`;
    said.textContent = wanted === '' ? '' : at;
  };
  field.addEventListener('input', () => {
    view.dispatch({ effects: setWanted.of(field.value) });
    step(view, true);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') close(view);
    else step(view, !event.shiftKey);
  });
  dom.append(field, said);
  say();
  return { dom, top: true, mount: () => field.focus(), update: say };
}

function openFind(view: EditorView): boolean {
  view.dispatch({ effects: setOpen.of(true) });
  const field = view.dom.querySelector<HTMLInputElement>('.cm-find input');
  field?.focus();
  field?.select();
  return true;
}

/** Finds a text in the editor: Ctrl-F opens a field, Enter goes to the next place, Shift-Enter to the one before. */
export const findInText: Extension = [
  search,
  keymap.of([
    { key: 'Mod-f', run: openFind },
    { key: 'F3', run: (view) => step(view, true), shift: (view) => step(view, false) },
    { key: 'Escape', run: close },
  ]),
];
