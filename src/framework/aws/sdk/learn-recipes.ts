import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Recipe, Recipes } from '../lean/recipe.js';
import type { HotOperation } from '../call.js';
import { commandOf, loadSdk } from './load-sdk.js';

/**
 * The credentials with which the SDK signs the requests that recipes (the fixed parts of requests) are taken from.
 * Those requests are never sent.
 */
const NOBODY = { accessKeyId: 'nobody', secretAccessKey: 'nobody' } as const;

/** Headers that are left out of recipes (the fixed parts of requests), because they differ in each request. */
const OF_ONE_REQUEST = new Set([
  'authorization',
  'content-length',
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
  'amz-sdk-invocation-id',
  'x-amzn-trace-id',
]);

/** A request in the form in which the SDK passes it to its request handler. */
interface BuiltRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: object;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Gets the recipe (the fixed parts of all requests) of each operation from a request that the SDK builds, with all
 * settings, and doesn't send.
 * @param client is restored afterwards. Nothing else may use it in the meantime.
 * @throws the SDK's error if it can't build a request with the settings
 */
export async function learnRecipes(client: SFNClient): Promise<Recipes> {
  const { config } = client;
  const { credentials, requestHandler } = config;
  try {
    return await learn(client);
  } finally {
    Object.assign(config, { credentials, requestHandler });
  }
}

async function learn(client: SFNClient): Promise<Recipes> {
  const sdk = await loadSdk();
  const { config } = client;
  config.credentials = () => Promise.resolve(NOBODY);
  const learnFrom = async (operation: HotOperation, input: object): Promise<Recipe> =>
    recipeOf(await buildRequest(config, () => client.send(commandOf(sdk, operation, input))));
  const taskToken = 'token';
  const operations: Record<HotOperation, Recipe> = {
    GetActivityTask: await learnFrom('GetActivityTask', { activityArn: 'arn' }),
    SendTaskSuccess: await learnFrom('SendTaskSuccess', { taskToken, output: 'null' }),
    SendTaskFailure: await learnFrom('SendTaskFailure', { taskToken }),
    SendTaskHeartbeat: await learnFrom('SendTaskHeartbeat', { taskToken }),
  };
  return {
    operations,
    clockOffsetMs: config.systemClockOffset,
    correctsClock: !(await config.disableClockSkewCorrection()),
  };
}

/** Resolves to the request that the SDK builds when `send` is called. It isn't sent. */
async function buildRequest(
  config: SFNClient['config'],
  send: () => Promise<unknown>,
): Promise<BuiltRequest> {
  let built: BuiltRequest | undefined;
  const handle = (request: unknown): Promise<never> => {
    built = request as BuiltRequest;
    return Promise.reject(new Error('this is all that was wanted'));
  };
  config.requestHandler = { ...config.requestHandler, handle } as typeof config.requestHandler;
  try {
    await send();
  } catch (error) {
    if (!built) throw error;
  }
  if (!built) throw new Error('the SDK made no request');
  return built;
}

function recipeOf({ protocol, hostname, port, path, query = {}, headers }: BuiltRequest): Recipe {
  if (Object.keys(query).length > 0) throw new Error('its requests have a query');
  const kept = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const { authorization = '' } = Object.fromEntries(kept);
  const [, signingRegion, signingName] = SCOPE.exec(authorization) ?? [];
  if (!signingRegion || !signingName) throw new Error(`its signature is of another kind: ${authorization}`);
  return {
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path,
    headers: Object.fromEntries(kept.filter(([name]) => !OF_ONE_REQUEST.has(name))),
    signingRegion,
    signingName,
  };
}

/**
 * Finds the region and the service in a header such as `AWS4-HMAC-SHA256
 * Credential=KEY/20260131/eu-west-1/states/aws4_request, …`
 */
const SCOPE = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request,/;
