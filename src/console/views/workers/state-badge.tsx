import type { JSX } from 'preact';
import type { WorkerState } from '../../model/fleet.js';
import { Icon, type IconName } from '../../parts/icons.js';

const ICONS: Readonly<Record<WorkerState['tone'], IconName>> = {
  green: 'succeeded',
  orange: 'caught',
  red: 'failed',
  grey: 'aborted',
};

/** Shows the state of a worker by a colour, an icon and a word. */
export const StateBadge = ({ state: { word, tone } }: { readonly state: WorkerState }): JSX.Element => (
  <span class={`badge ${tone}`}>
    <Icon name={ICONS[tone]} />
    <bdi>{word}</bdi>
  </span>
);
