import { systemClock } from '../clock.js';
import { resolveConfig } from '../config.js';
import { StartError } from '../errors.js';
import { AwsService } from '../service/aws.js';
import { type Endpoint, isProblem, resolveEndpoint, showEndpoint } from '../service/endpoint.js';
import { type ExecutionEnd, findMachine, followExecution, startExecution } from '../service/executions.js';
import { readPorts } from './prepare.js';
import { loadConfigIfAny } from './config-file.js';

export interface ExecuteFlags {
  readonly config?: string;
  readonly endpoint?: string;
  readonly port?: string;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/**
 * Starts an execution and follows it to its end. Its output goes to stdout as one line of JSON; everything else to
 * stderr. @returns 0 only if it SUCCEEDED.
 */
export async function execute(machine: string, input: string, flags: ExecuteFlags): Promise<number> {
  checkInput(input);
  const { config } = await loadConfigIfAny(flags.config, process.cwd());
  const settings = resolveConfig({ ...config, ...readPorts(flags) }, Math.random);
  const { env } = process;
  const endpoint = resolveEndpoint({
    flag: flags.endpoint,
    env,
    config: settings.endpoint,
    port: settings.port,
  });
  if (isProblem(endpoint)) throw new StartError([endpoint]);
  const service = new AwsService({ endpoint, sdk: settings.sdk, region: settings.region });
  const region = machine.startsWith('arn:') ? machine.split(':')[3] : await service.defaultRegion();
  if (!region) throw new Error('no region is configured: set AWS_REGION or `region` in the config');
  try {
    const client = await service.client(region);
    const executionArn = await startExecution(client, await findMachine(client, machine), input);
    say(`RUNNING ${executionArn}`);
    return tell(await followExecution(client, executionArn, systemClock));
  } catch (error) {
    throw unreachable(error, endpoint);
  } finally {
    service.close();
  }
}

function checkInput(input: string): void {
  try {
    JSON.parse(input);
  } catch (error) {
    throw new Error(
      `the input is not JSON: ${(error as Error).message}; got ${input}\nQuote it for the shell: '{"who":"hoge"}'`,
      { cause: error },
    );
  }
}

function tell({ status, output, error, cause }: ExecutionEnd): number {
  say(status);
  if (error !== undefined) say(`error: ${error}`);
  if (cause !== undefined) say(`cause: ${cause}`);
  if (output !== undefined) process.stdout.write(`${output.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  return status === 'SUCCEEDED' ? 0 : 1;
}

function unreachable(error: unknown, endpoint: Endpoint): unknown {
  if ((error as { code?: string }).code !== 'ECONNREFUSED') return error;
  const hint =
    endpoint.kind === 'local' ? 'start it with `npm run start` or `npm run local`' : 'is it running?';
  return new Error(`nothing listens at ${showEndpoint(endpoint)}: ${hint}`, { cause: error });
}
