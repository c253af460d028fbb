import { type Finding, lineOf } from '../../check/finding.js';
import { type Flags, variableOf } from '../../config/sources.js';
import { PAYLOAD_LIMIT_BYTES, showSize } from '../../base/size.js';
import type { Problem } from '../../base/errors.js';
import type { Logger } from '../../base/log/log.js';
import type { HandlerStatus } from '../../base/worker-status.js';
import type { MachineSource } from '../../check/source/machine-source.js';

export const WAITING = 'Waiting for a task to start. Press Ctrl-C to interrupt.';

export function logActivities(
  log: Logger,
  handlers: readonly Pick<HandlerStatus, 'name' | 'activityArn' | 'concurrency'>[],
): void {
  for (const { name, activityArn, concurrency } of handlers) {
    log.info(`Activity: ${activityArn} -> ${name} (${concurrency} at once)`);
  }
}

/**
 * Logs how many bytes of text the tasks of all slots hold at most. Parsed, they need several times as much memory.
 */
export function logMemory(log: Logger, handlers: readonly Pick<HandlerStatus, 'concurrency'>[]): void {
  const slots = handlers.reduce((sum, { concurrency }) => sum + concurrency, 0);
  const most = showSize(2 * PAYLOAD_LIMIT_BYTES * slots);
  log.info(`Memory: at most ${most} of inputs and outputs in ${slots} ${slots === 1 ? 'slot' : 'slots'}`);
}

export const logConsole = (log: Logger, url: string): void => log.info(`Console: ${url}/`);

/** Logs the state machines of a local service, and the command that starts an execution of the first. */
export function logMachines(
  log: Logger,
  machines: readonly MachineSource[],
  port: number,
  flags: Flags,
): void {
  for (const { name, file } of machines) log.info(`Machine: ${name} (${file})`);
  const [first] = machines;
  // In another terminal, `execute` knows no port but the config's.
  const isGiven = flags.texts['port'] !== undefined || process.env[variableOf('port')];
  const portFlag = isGiven ? ` --port ${port}` : '';
  if (first) log.info(`Start an execution: ${command('execute')} ${first.name} '<input as JSON>'${portFlag}`);
}

/** The most findings that a start logs. `stepwright check` prints all of them. */
const MOST_FINDINGS = 10;

/**
 * Logs warnings about disagreements between classes and state machines. They don't prevent the start, since another
 * worker may serve the same machines.
 */
export function logFindings(log: Logger, findings: readonly Finding[]): void {
  for (const finding of findings.slice(0, MOST_FINDINGS)) log.warn(lineOf(finding));
  const more = findings.length > MOST_FINDINGS ? `${findings.length - MOST_FINDINGS} more, and all` : 'all';
  if (findings.length > 0) log.warn(`For ${more} of it with what to paste: ${command('check')}`);
}

/** Warns of compiled files that are older than their sources, or that have none. */
export function logWarnings(log: Logger, problems: readonly Problem[]): void {
  for (const { where, what, fix } of problems) log.warn(`${where}: ${what}; ${fix}`);
}

/** The seconds for which the process may go on after a drain: it closes what is open, writes its log, and exits. */
const EXIT_SECONDS = 5;

/**
 * Logs the settings with which an orchestrator (such as ECS or Kubernetes) waits until a worker has finished its
 * running tasks and exited. By default an orchestrator kills a process 30 s after SIGTERM.
 */
export function logDrain(log: Logger, longestDrainMs: number): void {
  const seconds = Math.ceil(longestDrainMs / 1000);
  log.info(
    `A drain can take up to ${seconds} s: set terminationGracePeriodSeconds: ${seconds + EXIT_SECONDS} in Kubernetes, ${inEcs(seconds)} in ECS`,
  );
}

/** The largest stopTimeout that Fargate allows, in seconds ("Amazon ECS task definition parameters for Fargate"). */
export const FARGATE_MOST_SECONDS = 120;

const inEcs = (seconds: number): string =>
  seconds <= FARGATE_MOST_SECONDS
    ? `stopTimeout: ${Math.min(seconds + EXIT_SECONDS, FARGATE_MOST_SECONDS)}`
    : `stopTimeout: ${FARGATE_MOST_SECONDS} (its most, and too short for this \`grace\`)`;

/**
 * Returns a command as the user would type it: an npm script in this repository, otherwise npx. Commands that run until
 * a signal are not run by npx, which ends on a signal and leaves the command running.
 */
export function command(name: 'execute' | 'start' | 'check' | 'local'): string {
  const ownScripts = process.env['npm_package_name'] === 'stepwright' && process.env['npm_lifecycle_event'];
  if (name === 'check') return 'npx stepwright check';
  if (name === 'execute') return ownScripts ? 'npm run -s execute --' : 'npx stepwright execute';
  return ownScripts ? `npm run ${name}` : `node_modules/.bin/stepwright ${name}`;
}
