import type { JSX } from 'preact';

/** The SVG paths of the icons, on a grid of 24 by 24. */
const PATHS = {
  machines: 'M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4',
  executions: 'M4 5h16M4 12h16M4 19h10',
  activities: 'M4 13l4-9h8l4 9M4 13v6h16v-6M4 13h5l1 3h4l1-3h5',
  workers: 'M5 4h14v6H5zM5 14h14v6H5zM8.5 7h.01M8.5 17h.01',
  'in progress': 'M12 3a9 9 0 1 0 9 9',
  queued: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7v5l3 3',
  leased: 'M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M5 21c0-4 3-6 7-6s7 2 7 6',
  'backing off': 'M4 12a8 8 0 1 0 3-6.2M4 4v5h5',
  succeeded: 'M4 12.5l5 5L20 6.5',
  caught: 'M12 4L2.5 20h19zM12 10v4M12 17h.01',
  failed: 'M6 6l12 12M18 6L6 18',
  aborted: 'M5 12h14',
  'timed out': 'M7 3h10M7 21h10M8 3c0 5 8 6 8 9s-8 4-8 9M16 3c0 5-8 6-8 9s8 4 8 9',
  'not reached': 'M12 12h.01',
  Task: 'M13 2L4 14h6l-1 8l9-12h-6z',
  Choice: 'M12 3l9 9l-9 9l-9-9z',
  Parallel: 'M6 4v16M12 4v16M18 4v16',
  Map: 'M4 8l8-5l8 5l-8 5zM4 12l8 5l8-5M4 16l8 5l8-5',
  Pass: 'M4 12h15M14 7l5 5l-5 5',
  Wait: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7v5l3 3',
  Succeed: 'M4 12.5l5 5L20 6.5',
  Fail: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  play: 'M7 4l13 8l-13 8z',
  stop: 'M6 6h12v12H6z',
  pause: 'M8 5v14M16 5v14',
  again: 'M4 12a8 8 0 1 0 3-6.2M4 4v5h5',
  hand: 'M8 12V5.5a1.5 1.5 0 0 1 3 0V11M11 11V4a1.5 1.5 0 0 1 3 0v7M14 11V5.5a1.5 1.5 0 0 1 3 0V14c0 4-2.500 7-6 7c-3 0-4.500-1.500-6-4l-2-4a1.500 1.500 0 0 1 2.600-1.500L8 14',
  close: 'M6 6l12 12M18 6L6 18',
  delete: 'M4 6h16M9 6V3h6v3M6 6l1 15h10l1-15M10 11v5M14 11v5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  flask: 'M9 3h6M10 3v6L4.500 19a1.500 1.500 0 0 0 1.300 2h12.400a1.500 1.500 0 0 0 1.300-2L14 9V3M7 15h10',
  edit: 'M4 20l1-5L16 4l4 4L9 19zM14 6l4 4',
  search: 'M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14M16 16l5 5',
  down: 'M6 9l6 6l6-6',
  right: 'M9 6l6 6l-6 6',
} as const;

export type IconName = keyof typeof PATHS;

export const isIcon = (name: string): name is IconName => Object.hasOwn(PATHS, name);

const STROKE = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 2,
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
} as const;

/** An icon next to a word. It is hidden from screen readers, since the word says the same. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" data-icon={name} {...STROKE}>
      <path d={PATHS[name]} />
    </svg>
  );
}
