import { type Finding, lineOf } from '../../check/finding.js';
import { FARGATE_MOST_SECONDS, killAfterSeconds } from '../process/kill-timeout.js';
import { showDuration } from '../../base/time/duration.js';
import type { Problem } from '../../base/errors.js';
import type { Logger } from '../../base/log/log.js';
import type { HandlerStatus } from '../../worker/observe/status.js';
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

/** The page at the local service's own address. */
export const logConsole = (log: Logger, url: string): void => log.info(`Console: ${url}/`);

/** @param port where the local service listens, if that is not where `execute` would look. */
export function logMachines(log: Logger, machines: readonly MachineSource[], port?: number): void {
  for (const { name, file } of machines) log.info(`Machine: ${name} (${file})`);
  const [first] = machines;
  if (first)
    log.info(
      `Start an execution: ${command('execute')} ${first.name} '<input as JSON>'${port === undefined ? '' : ` --port ${port}`}`,
    );
}

/** More than these are for `stepwright check` to list. */
const MOST_FINDINGS = 10;

/** What classes and machines do not agree in, a line each: another worker may share the machines, so that none stops a start. */
export function logFindings(log: Logger, findings: readonly Finding[]): void {
  for (const finding of findings.slice(0, MOST_FINDINGS)) log.warn(lineOf(finding));
  const more = findings.length > MOST_FINDINGS ? `${findings.length - MOST_FINDINGS} more, and all` : 'all';
  if (findings.length > 0) log.warn(`For ${more} of it with what to paste: ${command('check')}`);
}

/** One line each, since nothing is stopped for it. */
export function logOutdated(log: Logger, problems: readonly Problem[]): void {
  for (const { where, what, fix } of problems) log.warn(`${where}: ${what}; ${fix}`);
}

/** What an orchestrator must be told, since it kills after 30 s unless it is. */
export function logDrain(log: Logger, longestDrainMs: number): void {
  const seconds = killAfterSeconds(longestDrainMs);
  log.info(
    `A drain can take up to ${showDuration(longestDrainMs)}: set terminationGracePeriodSeconds: ${seconds} in Kubernetes, ${inEcs(seconds)} in ECS`,
  );
}

const inEcs = (seconds: number): string =>
  seconds <= FARGATE_MOST_SECONDS
    ? `stopTimeout: ${seconds}`
    : `stopTimeout: ${FARGATE_MOST_SECONDS} (its most, and too short for this \`grace\`)`;

/** As the user reached us: through this project's own npm scripts, or installed. */
export function command(name: 'execute' | 'start' | 'check'): string {
  const ownScripts = process.env['npm_package_name'] === 'stepwright' && process.env['npm_lifecycle_event'];
  if (!ownScripts || name === 'check') return `npx stepwright ${name}`;
  return name === 'start' ? 'npm run start' : 'npm run -s execute --';
}
