import { type Endpoint, isEncrypted } from '../../aws/endpoint.js';
import { socketProblems } from '../../aws/sdk/settings.js';
import type { Plan, PlannedHandler } from '../../worker/build/plan.js';
import { socketsFor } from '../../worker/build/sockets.js';
import { type Finding, fault, ofProblem, ok, unknown, warning } from './finding.js';

/**
 * The number of open files to allow for in addition to a process's connections: the program, the log, threads, and
 * files that handlers open.
 */
const OTHER_FILES = 100;
/**
 * The most polls of one activity that may be open at a time, of all workers together ("Quotas related to activity
 * polling").
 */
const POLLS_OF_ACTIVITY = 1_000;

/** A region and the handlers that poll in it. */
export interface InRegion {
  readonly region: string;
  readonly handlers: readonly PlannedHandler[];
}

/**
 * Checks that every connection and poll that can be open at once is within the limits of the machine and of AWS.
 * @param openFiles the limit of `ulimit -n`; undefined if it isn't known
 */
export async function lookAtConnections(
  { settings }: Plan,
  endpoint: Endpoint,
  regions: readonly InRegion[],
  openFiles: number | undefined,
): Promise<Finding[]> {
  const agentKey = isEncrypted(endpoint) ? 'httpsAgent' : 'httpAgent';
  const calls = regions.map(({ handlers }) => socketsFor(handlers));
  const problems = await Promise.all(
    calls.map((each) => socketProblems(settings.sdk, agentKey, { ...each })),
  );
  const handlers = regions.flatMap((each) => each.handlers);
  const needed = calls.reduce((sum, { polls, reports, heartbeats }) => sum + polls + reports + heartbeats, 0);
  return [
    ...problems.flat().map((problem) => ofProblem('files', problem)),
    ...handlers.flatMap(lookAtPollers),
    ...(handlers.length > 0 ? [lookAtFiles(needed, openFiles)] : []),
  ];
}

function lookAtFiles(sockets: number, openFiles: number | undefined): Finding {
  const needed = sockets + OTHER_FILES;
  const look = {
    check: 'files',
    subject: 'open files (`ulimit -n`)',
    expected: `${needed} or more: ${sockets} connections at most, and ${OTHER_FILES} for the rest`,
  } as const;
  const raise = `raise it (\`ulimit -n ${needed}\`; LimitNOFILE= in systemd; "ulimits" in ECS), or lower \`concurrency\` and \`pollers\``;
  if (openFiles === undefined) return unknown(look, 'this system does not report it', raise);
  return openFiles >= needed ? ok(look, String(openFiles)) : fault(look, String(openFiles), raise);
}

function lookAtPollers({ definition: { name }, options: { pollers } }: PlannedHandler): Finding[] {
  if (pollers.max <= POLLS_OF_ACTIVITY) return [];
  const expected = `at most ${POLLS_OF_ACTIVITY} polls an activity, of all workers together`;
  return [
    warning(
      { check: 'files', subject: `pollers of ${name}`, expected },
      `${pollers.max} in this worker alone`,
      'lower `pollers`: a few polls keep many slots at work',
    ),
  ];
}
