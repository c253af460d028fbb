import type { JSX } from 'preact';
import type { WorkerRow } from '../../../framework/local/console/api.js';
import { slotsOf } from '../../model/fleet.js';
import { count } from '../../model/format.js';
import { Loading, PageHead } from '../../parts/page.js';
import { useWorkers } from '../../service/topics.js';
import { WorkerPanel } from './worker-panel.js';
import { WorkerTable } from './worker-table.js';

/**
 * The view of the workers that report their status to the service, or whose health ports it reads. A worker of which the
 * service knows only its GetActivityTask calls is shown in the view of activities.
 */
export function WorkersView({ selected }: { readonly selected: string | undefined }): JSX.Element {
  const workers = useWorkers(selected);
  return (
    <>
      <PageHead title="Workers" name="Workers" />
      {workers === undefined ? (
        <Loading />
      ) : workers.length === 0 ? (
        <NoWorkers />
      ) : (
        <Workers workers={workers} selected={selected} />
      )}
    </>
  );
}

const NoWorkers = (): JSX.Element => (
  <div class="empty">
    <p>No worker runs in this process.</p>
    <p>
      <code>stepwright start</code> shows its own here, and <code>--workers NAME:PORT</code> those of a fleet
      by their health ports. Of any other worker, <a href="#/activities">Activities</a> shows for what it
      polls and which tasks it has.
    </p>
  </div>
);

interface WorkersProps {
  readonly workers: readonly WorkerRow[];
  readonly selected: string | undefined;
}

/** A table of all workers, if there are several, and panels with the details of one or of a few. */
function Workers({ workers, selected }: WorkersProps): JSX.Element {
  const { slots, running } = slotsOf(workers.flatMap(({ handlers }) => handlers));
  const isFound = workers.some(({ key }) => key === selected);
  const detailed = workers.filter(({ key, details }) => details && (!isFound || key === selected));
  return (
    <div class="workers">
      {workers.length > 1 && (
        <section class="panel" aria-label="All workers">
          <h2 class="panel-title">
            {count(workers.length, 'worker')}{' '}
            <span class="faint">
              {running.toLocaleString('en')} of {slots.toLocaleString('en')} slots at work
            </span>
          </h2>
          <WorkerTable workers={workers} selected={isFound ? selected : undefined} />
        </section>
      )}
      <ul class="workers">
        {detailed.map((worker) => (
          <WorkerPanel key={worker.key} worker={worker} />
        ))}
      </ul>
    </div>
  );
}
