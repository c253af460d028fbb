import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import type { Problem } from '../../errors.js';

/** Settings of the SDK's client that a user may pass through: proxy, FIPS, an assumed role, a logger … */
export type SdkSettings = Omit<
  SFNClientConfig,
  'endpoint' | 'region' | 'maxAttempts' | 'retryMode' | 'retryStrategy'
>;

/** What the SDK must not be told behind our back: each has one place, or would hide lost tokens (retries). */
const NOT_FOR_SDK: Readonly<Record<string, string>> = {
  endpoint: 'set `endpoint` at the top level',
  region: 'set `region` at the top level, or declare whole ARNs',
  maxAttempts: 'leave it out: a worker retries by itself, in the open',
  retryMode: 'leave it out: a worker retries by itself, in the open',
  retryStrategy: 'leave it out: a worker retries by itself, in the open',
};

/** What a worker can't pass through to the SDK. Loads no SDK. */
export function sdkProblems(sdk: SdkSettings): Problem[] {
  return Object.keys(sdk).flatMap((key): Problem[] => {
    const fix = Object.hasOwn(NOT_FOR_SDK, key) ? NOT_FOR_SDK[key] : undefined;
    if (fix === undefined) return [];
    return [{ code: 'CONFIG_BAD_VALUE', where: `sdk.${key}`, what: 'it is not passed through', fix }];
  });
}
