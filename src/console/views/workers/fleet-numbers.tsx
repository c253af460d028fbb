import type { JSX } from 'preact';
import type { WorkerRow } from '../../../framework/local/console/api.js';
import { slotsOf } from '../../model/fleet.js';

/** The sums over all workers. Numbers of things that somebody should look at are left out while they are zero. */
export function FleetNumbers({ workers }: { readonly workers: readonly WorkerRow[] }): JSX.Element {
  const { slots, running } = slotsOf(workers.flatMap(({ handlers }) => handlers));
  const count = (is: (worker: WorkerRow) => boolean): number => workers.filter(is).length;
  const held = workers.flatMap(({ handlers }) => handlers.filter((each) => each.held)).length;
  const versions = new Set(workers.flatMap(({ version }) => version ?? []));
  const warnings: readonly [name: string, n: number][] = [
    ["Can't be read", count(({ state }) => state === 'unknown')],
    ['Not ready', count(({ state, ready }) => !ready && state !== 'unknown' && state !== 'draining')],
    ['Handlers held back', held],
  ];
  return (
    <dl class="numbers fleet-numbers">
      <Figure name="Workers" value={workers.length.toLocaleString('en')} />
      <Figure name="At work" value={`${running.toLocaleString('en')} of ${slots.toLocaleString('en')}`} />
      <Figure name="Protected" value={String(count(({ protection }) => protection?.state === 'held'))} />
      <Figure name="Draining" value={String(count(({ state }) => state === 'draining'))} />
      {warnings.map(([name, n]) => n > 0 && <Figure name={name} value={n.toLocaleString('en')} isWarning />)}
      {versions.size > 1 && <Figure name="Versions" value={String(versions.size)} isWarning />}
    </dl>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly isWarning?: boolean;
}

const Figure = ({ name, value, isWarning = false }: FigureProps): JSX.Element => (
  <div class={isWarning ? 'warn' : ''}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
