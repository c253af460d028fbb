import { type Extension, Prec, StateEffect, StateField } from '@codemirror/state';
import { EditorView, keymap, showTooltip, type Tooltip } from '@codemirror/view';
import type { Completions } from '../../model/complete-definition.js';

/** Returns what could be written at an offset; undefined if nothing is known of it. */
export type Completer = (text: string, offset: number) => Completions | undefined;

interface Offer extends Completions {
  readonly picked: number;
}

const setOffer = StateEffect.define<Offer | undefined>();
const LIST_ID = 'completions';
const MOST_SHOWN = 12;

const offers = StateField.define<Offer | undefined>({
  create: () => undefined,
  update(before, { effects, docChanged, selection }) {
    for (const effect of effects) if (effect.is(setOffer)) return effect.value;
    return docChanged || selection ? undefined : before;
  },
  provide: (field) => [
    showTooltip.from(field, (offer) => (offer ? tooltipOf(offer) : null)),
    EditorView.contentAttributes.from(field, (offer): Record<string, string> =>
      offer
        ? { 'aria-controls': LIST_ID, 'aria-activedescendant': `${LIST_ID}-${offer.picked}` }
        : { 'aria-autocomplete': 'list' },
    ),
  ],
});

function tooltipOf(offer: Offer): Tooltip {
  const { from, options, picked } = offer;
  return {
    pos: from,
    create: (view) => {
      const dom = Object.assign(document.createElement('ul'), { id: LIST_ID, className: 'cm-offers' });
      dom.setAttribute('role', 'listbox');
      dom.setAttribute('aria-label', 'Completions');
      const first = Math.max(0, Math.min(picked - 4, options.length - MOST_SHOWN));
      for (const [at, option] of options.entries()) {
        if (at < first || at >= first + MOST_SHOWN) continue;
        const item = Object.assign(document.createElement('li'), {
          id: `${LIST_ID}-${at}`,
          textContent: option,
        });
        item.setAttribute('role', 'option');
        item.setAttribute('aria-selected', String(at === picked));
        item.addEventListener('mousedown', (event) => {
          event.preventDefault();
          take(view, { ...offer, picked: at });
        });
        dom.append(item);
      }
      return { dom };
    },
  };
}

function take(view: EditorView, { from, to, options, picked }: Offer): boolean {
  const insert = options[picked] ?? '';
  view.dispatch({
    changes: { from, to, insert },
    selection: { anchor: from + insert.length },
    effects: setOffer.of(undefined),
    userEvent: 'input.complete',
  });
  return true;
}

function offer(view: EditorView, complete: Completer): boolean {
  const found = complete(view.state.doc.toString(), view.state.selection.main.head);
  const isAny = found !== undefined && found.options.length > 0;
  view.dispatch({ effects: setOffer.of(isAny ? { ...found, picked: 0 } : undefined) });
  return isAny;
}

function move(view: EditorView, by: number): boolean {
  const open = view.state.field(offers);
  if (!open) return false;
  const picked = (open.picked + by + open.options.length) % open.options.length;
  view.dispatch({ effects: setOffer.of({ ...open, picked }) });
  return true;
}

const whileOpen =
  (act: (view: EditorView, open: Offer) => boolean) =>
  (view: EditorView): boolean => {
    const open = view.state.field(offers);
    return open ? act(view, open) : false;
  };

function dismiss(view: EditorView): boolean {
  view.dispatch({ effects: setOffer.of(undefined) });
  return true;
}

/** Offers completions as the user types and by Ctrl-Space. The arrow keys pick one, and Enter takes it. */
export const completions = (complete: Completer): Extension => [
  offers,
  EditorView.updateListener.of(({ view, transactions }) => {
    const isTyped = transactions.some((each) => each.isUserEvent('input.type'));
    // An update may not change the editor while it is being handled.
    if (isTyped) queueMicrotask(() => offer(view, complete));
  }),
  Prec.highest(
    keymap.of([
      { key: 'Ctrl-Space', run: (view) => offer(view, complete) },
      { key: 'ArrowDown', run: (view) => move(view, 1) },
      { key: 'ArrowUp', run: (view) => move(view, -1) },
      { key: 'Enter', run: whileOpen(take) },
      { key: 'Escape', run: whileOpen(dismiss) },
    ]),
  ),
];
