import { readFile } from 'node:fs/promises';
import type { Flags } from '../../config/sources.js';
import type { Logger } from '../../base/log/log.js';
import { systemClock } from '../../base/time/clock.js';
import { type Endpoint, localEndpoint, showEndpoint } from '../../aws/endpoint.js';
import type { PageServer } from '../../worker/health/page-server.js';
import type { Worker } from '../../worker/worker.js';
import { logActivities, logConsole, logDrain, logMemory, logWarnings, WAITING } from '../output/banner.js';
import { openControl } from '../control-socket.js';
import { type LocalServiceFlags, stacksOf, warnUnshown } from '../flags/local-service-flags.js';
import type { LogFlags } from '../flags/log-flags.js';
import type { ProjectService } from '../local/local.js';
import { type Project, readProject } from '../project/project.js';
import { checkPlanHere, runWorker } from './run-worker.js';
import { logWithTasks } from './task-log.js';
import { stopSignal } from '../process/signals.js';
import { type CheckedPlan, dispose } from '../../worker/build/check-plan.js';
import type { Plan } from '../../worker/build/plan.js';
import type { WorkerStatus } from '../../base/worker-status.js';

/** The delay of a check that no poll should wait for. */
const AFTER_FIRST_POLLS_MS = 100;

/**
 * Runs the worker of a project until a stop signal arrives.
 * @param own also `control`: the path of the control socket. @default none
 * @returns the exit code
 * @throws StartError before anything runs
 */
export async function start(
  flags: Flags,
  own: LocalServiceFlags & LogFlags & { readonly control?: string },
): Promise<number> {
  const { log, taskLog } = logWithTasks(own);
  const project = await readProject(flags, stacksOf(own));
  const stop = stopSignal(
    log,
    'stopping: running tasks get the grace period to end; once more to stop at once',
  );
  const opened: { embedded?: ProjectService; worker?: Worker; control?: PageServer } = {};
  try {
    const checked = await checkPlanHere(project.plan, { log, stop, module: project.module });
    const workers = (): WorkerStatus[] => (opened.worker ? [opened.worker.status()] : []);
    if (checked.endpoint.kind === 'local') opened.embedded = await serve(project, checked, own, workers);
    else warnUnshown(log, own);
    const { embedded } = opened;
    const endpoint = embedded ? localEndpoint(embedded.service.port) : checked.endpoint;
    return await runWorker(checked, endpoint, { taskLog, stop }, async (worker) => {
      opened.worker = worker;
      if (own.control !== undefined) opened.control = await openControl(own.control, worker);
      logWarnings(log, project.warnings);
      if (!embedded)
        void systemClock.sleep(AFTER_FIRST_POLLS_MS, stop).then(() => warnOfSlowStates(log, project));
      announce(worker, endpoint, embedded, { log, flags });
    });
  } finally {
    opened.control?.close();
    await opened.embedded?.service.close();
  }
}

/**
 * Starts the local service. If it can't start, disposes of the worker's container.
 * @param workers returns the workers that the console shows
 * @throws StartError
 */
async function serve(
  project: Project,
  checked: CheckedPlan,
  flags: LocalServiceFlags,
  workers: () => WorkerStatus[],
): Promise<ProjectService> {
  try {
    const { serveProject } = await import('../local/local.js');
    return await serveProject(project, flags, checked.world.log, workers);
  } catch (error) {
    await dispose(checked);
    throw error;
  }
}

function announce(
  worker: Worker,
  endpoint: Endpoint,
  embedded: ProjectService | undefined,
  { log, flags }: { log: Logger; flags: Flags },
): void {
  log.info(`Endpoint: ${showEndpoint(endpoint)}${embedded ? ' (embedded: for development, in memory)' : ''}`);
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

/**
 * Warns of states in the project's files whose HeartbeatSeconds is too short for their handlers' heartbeats. The
 * machines at the endpoint may differ from the files. Never rejects: files that can't be read are skipped.
 */
async function warnOfSlowStates(log: Logger, { plan, projectDir }: Project): Promise<void> {
  try {
    if (!(await mayBeSlow(plan, projectDir))) return;
    for (const line of await slowLines(plan, projectDir))
      log.warn(`${line}; the deployed machine may differ: npx stepwright doctor`);
  } catch {
    // The files are those of a development machine: a worker at AWS doesn't need them.
  }
}

/**
 * Returns true if a file has a HeartbeatSeconds that is too short for one of the handlers. The code that reads machines
 * is loaded only then.
 */
async function mayBeSlow({ settings, handlers }: Plan, cwd: string): Promise<boolean> {
  const slowest = Math.max(...handlers.map(({ options: { heartbeatMs } }) => heartbeatMs || Infinity));
  const { glob } = await import('tinyglobby');
  for (const file of await glob([...settings.machines], { cwd, absolute: true, expandDirectories: false })) {
    const text = await readFile(file, 'utf8');
    for (const [, seconds] of text.matchAll(/"HeartbeatSeconds"\s*:\s*(\d+)/g))
      if (2 * slowest > Number(seconds) * 1000) return true;
  }
  return false;
}

async function slowLines({ settings, handlers }: Plan, projectDir: string): Promise<string[]> {
  const [{ readMachines }, { slowStates }, { checkedHandler, handlerOf }, { lineOf }] = await Promise.all([
    import('../project/machines.js'),
    import('../../check/task-limits.js'),
    import('../../check/handlers.js'),
    import('../../check/finding.js'),
  ]);
  const { machines, unsupported } = await readMachines(settings, projectDir, process.env);
  const region = settings.region === undefined ? {} : { region: settings.region };
  const checked = handlers.map((handler) => checkedHandler(handler, region));
  return slowStates([...machines, ...unsupported], (arn) => handlerOf(checked, arn)).map(lineOf);
}
