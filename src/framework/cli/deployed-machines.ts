import { systemClock } from '../base/time/clock.js';
import { activityTasks } from '../local/index.js';
import { type CheckedHandler, nearestHandler, serves } from '../check/handlers.js';
import { machineSource, type MachineSource } from '../check/source/machine-source.js';
import type { Settings } from '../config/resolve.js';
import { StartError } from '../base/errors.js';
import { isProblem, resolveEndpoint } from '../aws/endpoint.js';
import { AwsService } from '../aws/sdk/aws-service.js';
import { describeMachines } from '../aws/queries/machine-queries.js';
import { largestOutputs, type SFNClient } from '../aws/queries/execution-queries.js';
import type { Finding } from '../check/finding.js';
import { explainCallError } from './output/call-error.js';
import { NEAR_LIMIT_BYTES } from '../worker/handler/output/outputs.js';
import { PAYLOAD_LIMIT_BYTES } from '../base/size.js';

/** The state machines at an endpoint, and what was found in their executions. */
export interface Deployed {
  readonly machines: readonly MachineSource[];
  readonly findings: readonly Finding[];
  /** The reason why executions weren't looked at; undefined if they were. */
  readonly unread: string | undefined;
}

/**
 * Reads the state machines at an endpoint that refer to one of these handlers' activities, or to an activity with
 * nearly the same name. Other machines of the account are left out. Looks at the sizes of outputs in their latest
 * executions.
 */
export async function deployedMachines(
  settings: Settings,
  flag: string | undefined,
  handlers: readonly CheckedHandler[],
): Promise<Deployed> {
  const endpoint = resolveEndpoint({ flag, env: process.env, config: undefined, port: settings.port });
  if (isProblem(endpoint)) throw new StartError([endpoint]);
  const service = new AwsService({ endpoint, sdk: settings.sdk, region: settings.region });
  try {
    const own = await service.defaultRegion();
    const regions = handlers.map(({ activityArn }) => activityArn.split(':')[3] ?? '*');
    const machines: (MachineSource & { readonly client: SFNClient })[] = [];
    for (const region of new Set(regions.map((each) => (each === '*' ? own : each)))) {
      if (!region) throw new Error('no region is configured: set AWS_REGION or `region` in the config');
      const client = await service.client(region);
      const found = await describeMachines(client, systemClock);
      machines.push(
        ...found.map(({ name, arn, definition }) => ({
          ...machineSource(name, arn, definition, {}),
          client,
        })),
      );
    }
    // A local service lists all its machines whichever region it is asked for, so some may occur several times.
    const byArn = new Map(machines.map((machine) => [machine.file, machine]));
    const concerned = [...byArn.values()].filter(({ definition }) => concerns(definition, handlers));
    return { machines: concerned, ...(await sizesIn(concerned)) };
  } catch (error) {
    throw explainCallError(error, endpoint);
  } finally {
    service.close();
  }
}

async function sizesIn(
  machines: readonly (MachineSource & { readonly client: SFNClient })[],
): Promise<Pick<Deployed, 'findings' | 'unread'>> {
  const findings: Finding[] = [];
  try {
    for (const { file, client } of machines) findings.push(...(await sizesOf(file, client)));
    return { findings, unread: undefined };
  } catch (error) {
    return { findings, unread: error instanceof Error ? error.message : String(error) };
  }
}

async function sizesOf(machineArn: string, client: SFNClient): Promise<Finding[]> {
  try {
    return nearLimit(machineArn, await largestOutputs(client, systemClock, machineArn));
  } catch (error) {
    // Executions of an express machine aren't listed.
    if (error instanceof Error && error.name === 'StateMachineTypeNotSupported') return [];
    throw error;
  }
}

function concerns(definition: string, handlers: readonly CheckedHandler[]): boolean {
  const arns = arnsIn(definition);
  return arns.some(
    (arn) => handlers.some((each) => serves(each, arn)) || nearestHandler(handlers, arn) !== undefined,
  );
}

/** Returns the ARNs of the activities in a definition, even if the local service couldn't run the definition. */
function arnsIn(definition: string): string[] {
  try {
    return activityTasks(definition).map(({ activityArn }) => activityArn);
  } catch {
    return [...definition.matchAll(/"Resource"\s*:\s*"(arn:[^"]+:activity:[^"]+)"/g)].map(
      ([, arn = '']) => arn,
    );
  }
}

/** The largest output that a state had. */
interface SeenOutput {
  readonly state: string;
  readonly bytes: number;
  readonly executionArn: string;
}

/** Finds states whose output has been near the limit of Step Functions. @param file the ARN of the machine */
const nearLimit = (file: string, seen: readonly SeenOutput[]): Finding[] =>
  seen
    .filter(({ bytes }) => bytes > NEAR_LIMIT_BYTES)
    .map(({ state, bytes, executionArn }) => ({
      code: 'OUTPUT_NEAR_LIMIT',
      level: 'advice',
      file,
      state,
      what: `its output had ${bytes} bytes in ${executionArn}, ${Math.floor((100 * bytes) / PAYLOAD_LIMIT_BYTES)} % of what Step Functions accepts`,
      fix: 'set `payloads` in the config, so that larger outputs go through a store',
    }));
