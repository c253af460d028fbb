import { systemClock } from '../clock.js';
import { resolveConfig } from '../config/resolve.js';
import type { Flags } from '../config/texts.js';
import { StartError } from '../errors.js';
import { AwsService } from '../service/sdk/aws.js';
import { type Endpoint, isProblem, resolveEndpoint, showEndpoint } from '../service/endpoint.js';
import {
  type ExecutionEnd,
  findMachine,
  followExecution,
  startExecution,
} from '../service/sdk/executions.js';
import { command } from './banner.js';
import { loadConfigIfAny } from './config-file.js';
import { write } from './output.js';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/**
 * Starts an execution and follows it to its end. Its output goes to stdout as one line of JSON; everything else to
 * stderr. @returns 0 only if it SUCCEEDED.
 */
export async function execute(machine: string, input: string, flags: Flags): Promise<number> {
  checkInput(input);
  const { config } = await loadConfigIfAny(flags.texts['config'], process.cwd());
  const { env } = process;
  const settings = resolveConfig({ config, env, flags });
  const endpoint = resolveEndpoint({
    flag: flags.texts['endpoint'],
    env,
    config: config.endpoint,
    port: settings.port,
  });
  if (isProblem(endpoint)) throw new StartError([endpoint]);
  const service = new AwsService({ endpoint, sdk: settings.sdk, region: settings.region });
  const region = (machine.startsWith('arn:') && machine.split(':')[3]) || (await service.defaultRegion());
  if (!region) throw new Error('no region is configured: set AWS_REGION or `region` in the config');
  let started = false;
  try {
    const client = await service.client(region);
    const executionArn = await startExecution(client, await findMachine(client, machine), input);
    started = true;
    say(`RUNNING ${executionArn}`);
    return await tell(await followExecution(client, executionArn, systemClock));
  } catch (error) {
    throw explained(error, endpoint, started);
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

async function tell({ status, output, error, cause }: ExecutionEnd): Promise<number> {
  say(status);
  if (error !== undefined) say(`error: ${error}`);
  if (cause !== undefined) say(`cause: ${cause}`);
  if (output !== undefined) await write(`${output.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  return status === 'SUCCEEDED' ? 0 : 1;
}

/** What a person can do about it, where that is known. */
function explained(error: unknown, endpoint: Endpoint, started: boolean): unknown {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  if (name === 'CredentialsProviderError') {
    const hint = 'log in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID; `--endpoint local` needs none';
    return new Error(`no AWS credentials were found (${message}): ${hint}`, { cause: error });
  }
  if (code !== 'ECONNREFUSED') return error;
  if (started) {
    const memory =
      endpoint.kind === 'local' ? '; it keeps everything in memory, so the execution is gone too' : '';
    return new Error(`the service at ${showEndpoint(endpoint)} went away while the execution ran${memory}`, {
      cause: error,
    });
  }
  const hint =
    endpoint.kind === 'local'
      ? `start it with \`${command('start')}\`; if it listens on another port, pass --port N`
      : 'is it running?';
  return new Error(`nothing listens at ${showEndpoint(endpoint)}: ${hint}`, { cause: error });
}
