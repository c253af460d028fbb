import { systemClock } from '../../base/time/clock.js';
import { activityTasks } from '../../local/index.js';
import { type CheckedHandler, nearestHandler, serves } from '../../check/handlers.js';
import { type MachineSource, machineSource } from '../../check/source/machine-source.js';
import type { Settings } from '../../config/resolve.js';
import { StartError } from '../../base/errors.js';
import { isProblem, resolveEndpoint } from '../../aws/endpoint.js';
import { AwsService } from '../../aws/sdk/aws-service.js';
import { describeMachines } from '../../aws/queries/machine-queries.js';
import { explainCallError } from '../output/call-error.js';

/**
 * Reads the state machines at an endpoint that refer to one of these handlers' activities, or to an activity with
 * nearly the same name. Other machines of the account are left out.
 */
export async function deployedMachines(
  settings: Settings,
  flag: string | undefined,
  handlers: readonly CheckedHandler[],
): Promise<MachineSource[]> {
  const endpoint = resolveEndpoint({ flag, env: process.env, config: undefined, port: settings.port });
  if (isProblem(endpoint)) throw new StartError([endpoint]);
  const service = new AwsService({ endpoint, sdk: settings.sdk, region: settings.region });
  try {
    const own = await service.defaultRegion();
    const regions = handlers.map(({ activityArn }) => activityArn.split(':')[3] ?? '*');
    const machines: MachineSource[] = [];
    for (const region of new Set(regions.map((each) => (each === '*' ? own : each)))) {
      if (!region) throw new Error('no region is configured: set AWS_REGION or `region` in the config');
      const found = await describeMachines(await service.client(region), systemClock);
      machines.push(...found.map(({ name, arn, definition }) => machineSource(name, arn, definition, {})));
    }
    // A local service lists all its machines whichever region it is asked for, so some may occur several times.
    const byArn = new Map(machines.map((machine) => [machine.file, machine]));
    return [...byArn.values()].filter(({ definition }) => concerns(definition, handlers));
  } catch (error) {
    throw explainCallError(error, endpoint);
  } finally {
    service.close();
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
