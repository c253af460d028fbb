import type { Flags } from '../../config/layers.js';
import type { Logger } from '../../base/log/log.js';
import { systemClock } from '../../base/time/clock.js';
import { type Endpoint, localEndpoint, showEndpoint } from '../../aws/endpoint.js';
import type { Worker } from '../../worker/worker.js';
import { logActivities, logConsole, logDrain, logMemory, logWarnings, WAITING } from '../output/banner.js';
import { controlWorker } from '../control/control-worker.js';
import { type ControlSocket, openControl } from '../control/control-socket.js';
import type { Access } from '../flags/access-flags.js';
import type { Embedded } from '../local/embedded.js';
import { warnUnshown } from '../local/unshown.js';
import { type Project, readProject } from '../project/project.js';
import { runWorker } from './run-worker.js';
import { warnOfSlowStates } from './slow-at-aws.js';
import type { TaskLog } from './task-log.js';
import { stopSignal } from '../process/signals.js';

interface StartParts {
  /** The path of the control socket. @default none */
  readonly control?: string | undefined;
  /** Sends what tasks log to the local service. @default nothing is sent */
  readonly taskLog?: TaskLog | undefined;
}

/** The delay of a check that no poll should wait for. */
const AFTER_FIRST_POLLS_MS = 100;

/**
 * Runs the worker of a project until a stop signal arrives.
 * @returns the exit code
 * @throws StartError before anything runs
 */
export async function start(
  flags: Flags,
  access: Access,
  log: Logger,
  { control, taskLog }: StartParts = {},
): Promise<number> {
  const project = await readProject(flags, access.stacks);
  const stop = stopSignal(
    log,
    'stopping: running tasks get the grace period to end; once more to stop at once',
  );
  const parts: Parts = { embedded: undefined, worker: undefined, control: undefined };
  const { plan, module } = project;
  try {
    const connectTo = (): Promise<Endpoint> => openEndpoint(parts, project, access, log);
    return await runWorker(plan, { log, stop, module, connectTo }, async (worker) => {
      parts.worker = worker;
      if (control !== undefined)
        parts.control = await openControl(control, async (request) => controlWorker(worker, request));
      logWarnings(log, project.warnings);
      if (!parts.embedded)
        void systemClock.sleep(AFTER_FIRST_POLLS_MS, stop).then(() => warnOfSlowStates(log, project));
      announce(worker, project, parts, { log, flags });
      void taskLog?.follow(worker, endpointOf(parts, plan));
    });
  } finally {
    parts.control?.close();
    await taskLog?.close();
    await parts.embedded?.service.close();
  }
}

/** The parts of a start. Each is undefined until it is made. */
interface Parts {
  /** The local service inside this process; undefined if the endpoint isn't `local`. */
  embedded: Embedded | undefined;
  worker: Worker | undefined;
  control: ControlSocket | undefined;
}

/** If the endpoint is `local`, starts the local service. @returns the endpoint to connect to */
async function openEndpoint(parts: Parts, project: Project, access: Access, log: Logger): Promise<Endpoint> {
  const { endpoint } = project.plan;
  if (!endpoint) throw new Error('a plan without an endpoint has a problem that says so');
  if (endpoint.kind !== 'local') {
    warnUnshown(log, access);
    return endpoint;
  }
  const { startEmbedded } = await import('../local/embedded.js');
  parts.embedded = await startEmbedded(project, access, log, () =>
    parts.worker ? [parts.worker.status()] : [],
  );
  return localEndpoint(parts.embedded.service.port);
}

const endpointOf = (
  { embedded }: Pick<Parts, 'embedded'>,
  { endpoint }: Project['plan'],
): Endpoint | undefined => (embedded ? localEndpoint(embedded.service.port) : endpoint);

function announce(
  worker: Worker,
  { plan }: Project,
  { embedded }: Parts,
  { log, flags }: { log: Logger; flags: Flags },
): void {
  const endpoint = endpointOf({ embedded }, plan);
  if (endpoint)
    log.info(
      `Endpoint: ${showEndpoint(endpoint)}${embedded ? ' (embedded: for development, in memory)' : ''}`,
    );
  if (embedded?.console) logConsole(log, embedded.service.url);
  logActivities(log, worker.status().handlers);
  embedded?.logMachines(flags);
  logMemory(log, worker.status().handlers);
  logDrain(log, worker.longestDrainMs);
  worker.on('state', ({ to }) => {
    if (to === 'running') log.info(WAITING);
    // The embedded service ends together with its worker, so its polls can be ended at once.
    if (to === 'draining') embedded?.service.endPolls();
  });
}
