import type { GetActivityTaskCommand } from '@aws-sdk/client-sfn';

export type Sdk = typeof import('@aws-sdk/client-sfn');

/** An operation of Step Functions, by its name. */
export type Operation = Extract<keyof Sdk, `${string}Command`> extends `${infer Name}Command` ? Name : never;

let loaded: Sdk | undefined;

/**
 * Loads the SDK's client for Step Functions. It is loaded only when this is called, since a test bed (a worker in unit
 * tests, without a service) and the thread that sends heartbeats never need it.
 */
export async function loadSdk(): Promise<Sdk> {
  silenceVersionWarning();
  loaded ??= await import('@aws-sdk/client-sfn');
  return loaded;
}

/** Makes the SDK's command of an operation. Its caller has checked the input. */
export const commandOf = (sdk: Sdk, operation: Operation, input: object): GetActivityTaskCommand =>
  new (sdk[`${operation}Command`] as new (input: object) => GetActivityTaskCommand)(input);

/** Returns the SDK's client for Step Functions, which has been loaded: whoever has a client has loaded it. */
export function loadedSdk(): Sdk {
  if (!loaded) throw new Error('the SDK is not loaded');
  return loaded;
}

/**
 * The part of `@aws-sdk/client-cloudwatch` that is used. It is declared here, because the package is optional, so its
 * own types may be missing.
 */
export interface CloudWatchSdk {
  readonly CloudWatchClient: new (settings: object) => CloudWatchClient;
  readonly GetMetricDataCommand: new (input: object) => object;
  readonly PutMetricDataCommand: new (input: object) => object;
}

export interface CloudWatchClient {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
  destroy(): void;
}

/** Thrown if `@aws-sdk/client-cloudwatch` isn't installed. Only the command `scaler` needs it. */
class CloudWatchMissing extends Error {
  override readonly name = 'CloudWatchMissing';
}

/** Loads the SDK's client for CloudWatch. @throws CloudWatchMissing if it isn't installed */
export async function loadCloudWatch(): Promise<CloudWatchSdk> {
  silenceVersionWarning();
  try {
    return (await import('@aws-sdk/client-cloudwatch')) as unknown as CloudWatchSdk;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CloudWatchMissing(
      "the scaler reads CloudWatch by @aws-sdk/client-cloudwatch, which is not installed: npm install '@aws-sdk/client-cloudwatch@~3.1164'",
      { cause: error },
    );
  }
}

/** Without this, the SDK's clients print seven lines about Node 20, which this package supports on purpose. */
function silenceVersionWarning(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}
