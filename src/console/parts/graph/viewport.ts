import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Drawing } from '../../model/drawing/drawing.js';

/** Controls the visible part of a drawing, and the scale at which it is shown. */
export interface Viewport {
  readonly element: RefObject<HTMLDivElement | null>;
  readonly scale: number;
  /** Multiplies the scale by a factor. The centre of the view stays where it is. */
  readonly zoom: (factor: number) => void;
  readonly zoomIn: () => void;
  readonly zoomOut: () => void;
  /** Scales the drawing so that the whole of it fits into the view, however small its text becomes. */
  readonly fit: () => void;
}

/**
 * The smallest scale to which a drawing is shrunk by itself: below it, the text can't be read. A drawing that is still
 * too large is shown from its start, and the user scrolls.
 */
const READABLE = 0.55;
const SMALLEST = 0.05;
const LARGEST = 2;
const STEP = 1.25;
/** The free space, in pixels, around a drawing that is fitted into the view: the sum of both sides. */
const MARGIN = 24;

/**
 * At first, and whenever the view changes its size, scales the drawing so that it fits or can still be read, until the
 * user zooms or presses Fit. When a state is selected, scrolls to it.
 */
export function useViewport(drawing: Drawing, selected: string | undefined): Viewport {
  const element = useRef<HTMLDivElement>(null);
  const [scale, setScale] = useState(1);
  const fitted = useRef(true);
  const latest = useRef(selected);
  latest.current = selected;
  const scaleTo = (smallest: number): void => {
    if (!element.current) return;
    const next = fittingScale(element.current, drawing, smallest);
    setScale(next);
    showPart(element.current, drawing, next, latest.current);
  };
  const fit = (): void => {
    fitted.current = false;
    scaleTo(SMALLEST);
  };
  const zoom = (factor: number): void => {
    fitted.current = false;
    const next = clamp(scale * factor);
    if (element.current) keepMiddle(element.current, next / scale);
    setScale(next);
  };
  useEffect(() => {
    fitted.current = true;
    scaleTo(READABLE);
    const watch = new ResizeObserver(() => fitted.current && scaleTo(READABLE));
    if (element.current) watch.observe(element.current);
    return () => watch.disconnect();
  }, [drawing]);
  useEffect(() => {
    if (selected !== undefined) showState(element.current, selected);
  }, [selected]);
  return { element, scale, zoom, zoomIn: () => zoom(STEP), zoomOut: () => zoom(1 / STEP), fit };
}

function fittingScale(
  { clientWidth, clientHeight }: HTMLElement,
  drawing: Drawing,
  smallest: number,
): number {
  const byWidth = (clientWidth - MARGIN) / drawing.width;
  const byHeight = (clientHeight - MARGIN) / drawing.height;
  return clamp(Math.max(smallest, Math.min(1, byWidth, byHeight)));
}

const clamp = (scale: number): number =>
  Math.min(LARGEST, Math.max(SMALLEST, Number.isFinite(scale) ? scale : 1));

/** Shows the start of the drawing or, if a state is selected, that state. */
function showPart(
  element: HTMLElement,
  { boxes }: Drawing,
  scale: number,
  selected: string | undefined,
): void {
  const start = boxes.find(({ kind }) => kind === 'start');
  requestAnimationFrame(() => {
    if (start) element.scrollLeft = start.x * scale - element.clientWidth / 2 + 40;
    if (selected !== undefined) showState(element, selected);
  });
}

/** Scrolls the graph, and not the page, only as far as is needed to see the state. */
function showState(element: HTMLElement | null, name: string): void {
  for (const each of element?.querySelectorAll<HTMLElement>('[data-state]') ?? []) {
    if (each.dataset['state'] !== name || !element) continue;
    const [box, view] = [each.getBoundingClientRect(), element.getBoundingClientRect()];
    element.scrollTop += Math.max(0, box.bottom - view.bottom) + Math.min(0, box.top - view.top);
    element.scrollLeft += Math.max(0, box.right - view.right) + Math.min(0, box.left - view.left);
  }
}

function keepMiddle(element: HTMLElement, factor: number): void {
  const middle = {
    x: (element.scrollLeft + element.clientWidth / 2) * factor,
    y: (element.scrollTop + element.clientHeight / 2) * factor,
  };
  requestAnimationFrame(() => {
    element.scrollLeft = middle.x - element.clientWidth / 2;
    element.scrollTop = middle.y - element.clientHeight / 2;
  });
}

/** Starts to move the drawing with the mouse. On a touch screen the browser scrolls it without any code. */
export function startPan(event: PointerEvent): void {
  const element = event.currentTarget as HTMLElement;
  if (event.pointerType !== 'mouse' || (event.target as Element).closest('button')) return;
  const from = { x: event.clientX + element.scrollLeft, y: event.clientY + element.scrollTop };
  const move = (at: PointerEvent): void => {
    element.scrollLeft = from.x - at.clientX;
    element.scrollTop = from.y - at.clientY;
  };
  const end = (): void => {
    element.removeEventListener('pointermove', move);
    element.classList.remove('panning');
  };
  element.setPointerCapture(event.pointerId);
  element.classList.add('panning');
  element.addEventListener('pointermove', move);
  element.addEventListener('pointerup', end, { once: true });
  element.addEventListener('pointercancel', end, { once: true });
}
