import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { showEndpoint } from '../../aws/endpoint.js';
import { RawCalls } from '../../aws/queries/raw-calls.js';
import { AwsService } from '../../aws/sdk/aws-service.js';
import { localRole } from '../../base/local-protocol.js';
import { silentLog } from '../../base/log/log.js';
import { VERSION } from '../../base/package.js';
import { systemClock } from '../../base/time/clock.js';
import type { Flags } from '../../config/sources.js';
import { explainCallError } from '../output/call-error.js';
import { print, write } from '../output/stdio.js';
import { stopSignal } from '../process/signals.js';
import { readEndpoint } from '../project/config-file.js';
import { compare } from './comparison.js';
import { type Fact, PREFIX, type RunOptions } from './verify-run.js';

/** The flags that only `verify` has. */
export interface VerifyFlags {
  readonly aws?: true;
  readonly endpoint?: string;
  readonly role?: string;
  readonly secondRegion?: string;
  readonly json?: true;
}

const POLICY = fileURLToPath(new URL('../../../../../deploy/iam/verify-policy.json', import.meta.url));

/**
 * Compares a Step Functions service with what the worker and the local service rest on, and prints a table. Without
 * `--aws` or `--endpoint`, it only prints what it would need and do.
 * @returns the exit code: 0 if all facts were tried, as far as the flags allow, and none is different
 */
export async function verify(own: VerifyFlags, flags: Flags): Promise<number> {
  if (!own.aws && own.endpoint === undefined) {
    print(await introduction());
    print('Nothing was called. To begin: stepwright verify --aws --role ARN [--region NAME]');
    return 0;
  }
  const texts = { ...flags.texts, endpoint: own.endpoint ?? 'aws' };
  const { endpoint, settings } = await readEndpoint({ ...flags, texts });
  const isAws = endpoint.kind === 'aws';
  checkFlags(own, isAws);
  const service = new AwsService({ endpoint, sdk: settings.sdk, region: settings.region });
  try {
    const region = await service.defaultRegion();
    if (!region) throw new Error('no region is configured: set AWS_REGION, or pass --region NAME');
    if (isAws) print(await introduction());
    const options = await optionsOf(service, region, own);
    const seen = await compare(options, (removed) => {
      if (removed > 0) print(`removed ${removed} activities and state machines of an earlier run`);
    });
    const about = {
      version: VERSION,
      at: new Date(systemClock.date()),
      endpoint: showEndpoint(endpoint),
      region,
    };
    await write(
      own.json
        ? `${JSON.stringify({ ...about, facts: seen.facts, transitions: seen.transitions })}\n`
        : table(seen.facts),
    );
    print(summary(seen));
    return seen.isWhole && !seen.facts.some(({ verdict }) => verdict === 'different') ? 0 : 1;
  } catch (error) {
    throw explainCallError(error, endpoint);
  } finally {
    service.close();
  }
}

/** @throws Error about a flag that is missing, or that does not fit the others */
function checkFlags({ role, secondRegion }: VerifyFlags, isAws: boolean): void {
  if (isAws && role === undefined)
    throw new Error(
      '--aws needs --role ARN: a role that states.amazonaws.com may assume, without permissions',
    );
  if (!isAws && secondRegion !== undefined)
    throw new Error('--second-region is for AWS: a local service takes the tokens of all regions');
}

async function optionsOf(
  service: AwsService,
  region: string,
  { secondRegion, role = localRole() }: VerifyFlags,
): Promise<RunOptions> {
  const signal = stopSignal(silentLog, '');
  signal.addEventListener('abort', () => print('stopping: what was made is removed first'));
  const open = async (where: string, attempts?: number): Promise<RawCalls> =>
    new RawCalls(await service.client(where, attempts), systemClock);
  const elsewhere = secondRegion === undefined ? undefined : await open(secondRegion);
  const calls = await open(region);
  return { calls, single: await open(region, 1), elsewhere, roleArn: role, clock: systemClock, signal };
}

async function introduction(): Promise<string> {
  return `The permissions that it needs, and no other (deploy/iam/verify-policy.json; put your role into it):
${await readFile(POLICY, 'utf8')}
It makes about 40 activities and state machines named ${PREFIX}…, and removes them at the end, with those of earlier runs.
Histories of its executions remain for 90 days. One run at a time in an account and region.
It takes about two minutes and 100 state transitions, which cost 0.0025 USD.
WARNING: it calls ListTagsForResource until the service throttles it. That quota is the account's in this region: for
two minutes, others who call ListTagsForResource there (such as Terraform) may be throttled.`;
}

const table = (facts: readonly Fact[]): string =>
  facts
    .map(({ fact: name, verdict, expected, seen }) =>
      verdict === 'same'
        ? `same       ${name}: ${seen}\n`
        : `${verdict.toUpperCase().padEnd(10)} ${name}\n           expected ${expected}\n           seen     ${seen}\n`,
    )
    .join('');

function summary({ facts, transitions }: Awaited<ReturnType<typeof compare>>): string {
  const count = (wanted: Fact['verdict']): number => facts.filter(({ verdict }) => verdict === wanted).length;
  return `${count('same')} same, ${count('different')} different, ${count('not tried')} not tried; at most ${transitions} state transitions`;
}
