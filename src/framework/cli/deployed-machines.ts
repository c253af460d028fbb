import { systemClock } from '../base/time/clock.js';
import { type CheckedHandler, nearestHandler, serves } from '../check/handlers.js';
import { machineSource, type MachineSource } from '../check/source/machine-source.js';
import type { Settings } from '../config/resolve.js';
import { StartError } from '../base/errors.js';
import { isProblem, resolveEndpoint } from '../aws/endpoint.js';
import { AwsService } from '../aws/sdk/aws-service.js';
import { describeMachines } from '../aws/queries/machine-queries.js';
import { explainCallError } from './output/call-error.js';

/**
 * Reads the state machines at an endpoint that refer to one of these handlers' activities, or to an activity with
 * nearly the same name. Other machines of the account are left out.
 */
export async function deployedMachines(
  settings: Settings,
  flag: string,
  handlers: readonly CheckedHandler[],
): Promise<MachineSource[]> {
  const endpoint = resolveEndpoint({ flag, env: process.env, config: undefined, port: settings.port });
  if (isProblem(endpoint)) throw new StartError([endpoint]);
  const service = new AwsService({ endpoint, sdk: settings.sdk, region: settings.region });
  try {
    const own = await service.defaultRegion();
    const regions = handlers.map(({ activityArn }) => activityArn.split(':')[3] ?? '*');
    // A local service lists all its machines whichever region it is asked for, so some may occur several times.
    const machines = new Map<string, MachineSource>();
    for (const region of new Set(regions.map((each) => (each === '*' ? own : each)))) {
      if (!region) throw new Error('no region is configured: set AWS_REGION or `region` in the config');
      const client = await service.client(region);
      for (const { name, arn, definition } of await describeMachines(client, systemClock))
        machines.set(arn, machineSource(name, arn, definition, {}));
    }
    return [...machines.values()].filter(({ definition }) => concerns(definition, handlers));
  } catch (error) {
    throw explainCallError(error, endpoint);
  } finally {
    service.close();
  }
}

/** The ARN of an activity in a definition, also in one that the local service couldn't run. */
const ACTIVITY = /"Resource"\s*:\s*"(arn:[^"]+:activity:[^"]+)"/g;

const concerns = (definition: string, handlers: readonly CheckedHandler[]): boolean =>
  [...definition.matchAll(ACTIVITY)].some(
    ([, arn = '']) =>
      handlers.some((each) => serves(each, arn)) || nearestHandler(handlers, arn) !== undefined,
  );
