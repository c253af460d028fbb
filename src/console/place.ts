/**
 * The place that a view was left at. It is kept for each entry of the browser's history, so that Back shows the view as
 * it was.
 */
const places = new Map<unknown, Map<string, number>>();

/** The milliseconds for which a view may bring what makes it as long as it was. */
const RESTORE_MS = 2_000;

let place = new Map<string, number>();
let isReturn = false;
stamp();
addEventListener('scroll', () => keepScroll('page', scrollY), { passive: true });

/** Remembers how far a part of the view is scrolled. */
export function keepScroll(part: string, top: number): void {
  place.set(part, top);
}

/** Returns how far a part of the view was scrolled when it was left; undefined if the view is new. */
export const keptScroll = (part: string): number | undefined => place.get(part) ?? (isReturn ? 0 : undefined);

/** Begins a new place, or the one that belongs to the entry that the browser has gone back to. */
export function enterEntry(left: string): void {
  const known = places.get((history.state as { entry?: unknown } | null)?.entry);
  place = known ?? new Map<string, number>();
  isReturn = known !== undefined;
  if (!known) {
    stamp();
    scrollTo(0, 0);
  } else restore(left, place.get('page') ?? 0, performance.now() + RESTORE_MS);
}

function stamp(): void {
  const entry = Math.random();
  history.replaceState({ entry }, '');
  places.set(entry, place);
}

/** Scrolls the page to where it was, and focuses the link that led away from it, as soon as they are there. */
function restore(left: string, top: number, until: number): void {
  const entered = place;
  const attempt = (): void => {
    if (place !== entered) return;
    const isLong = document.documentElement.scrollHeight >= top + innerHeight;
    const link = linkTo(left);
    if (isLong) scrollTo(0, top);
    if (document.activeElement === document.body) link?.focus({ preventScroll: true });
    if ((!isLong || !link) && performance.now() < until) requestAnimationFrame(attempt);
  };
  requestAnimationFrame(attempt);
}

function linkTo(hash: string): HTMLElement | undefined {
  const path = pathOf(hash);
  const links = [...document.querySelectorAll<HTMLElement>('main a')];
  return links.find((each) => pathOf(each.getAttribute('href') ?? '') === path);
}

const pathOf = (hash: string): string => decodeURIComponent(hash.split('?')[0] ?? '');
