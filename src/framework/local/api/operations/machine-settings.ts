import type { Encryption, Logging, Settings } from '../../engine/machines/machine.js';
import { errors } from '../../engine/service-error.js';
import type { Tag } from '../../engine/machines/tags.js';
import { ARN, type Checker } from '../request-validation.js';

const LEVELS = ['ALL', 'ERROR', 'FATAL', 'OFF'];
const ENCRYPTION_TYPES = ['AWS_OWNED_KEY', 'CUSTOMER_MANAGED_KMS_KEY'];
const INCLUDED = ['ALL_DATA', 'METADATA_ONLY'];

/**
 * Reads the logging, tracing and encryption settings in a request, in the form in which they are stored and described.
 * A setting that isn't in the request is absent.
 */
export function readSettings(checker: Checker): Partial<Settings> {
  const logging = checker.object('loggingConfiguration');
  const tracing = checker.object('tracingConfiguration');
  const encryption = readEncryption(checker);
  return {
    ...(logging && { loggingConfiguration: readLogging(logging) }),
    ...(tracing && { tracingConfiguration: { enabled: tracing.boolean('enabled') } }),
    ...(encryption && { encryptionConfiguration: encryption }),
  };
}

/** Reads a logging configuration. Recorded from the live service: missing fields get the values `false` and `OFF`. */
function readLogging(logging: Checker): Logging {
  const destinations = logging.objects('destinations')?.map((each) => {
    const group = each.object('cloudWatchLogsLogGroup');
    const arn = group?.text('logGroupArn', ARN);
    return { ...(group && { cloudWatchLogsLogGroup: { logGroupArn: arn } }) };
  });
  return {
    ...(destinations && { destinations }),
    includeExecutionData: logging.boolean('includeExecutionData') ?? false,
    level: logging.oneOf('level', LEVELS) ?? 'OFF',
  };
}

/**
 * Checks the settings in a request that aren't checked field by field. The messages about logging were recorded, or
 * were reported by users of Terraform.
 * @throws ServiceError InvalidLoggingConfiguration, unless a level other than OFF has one log group;
 *   InvalidTracingConfiguration without `enabled`; InvalidEncryptionConfiguration if a key is missing, or given to no end
 */
export function checkSettings(settings: Partial<Settings>): void {
  const { loggingConfiguration, tracingConfiguration, encryptionConfiguration } = settings;
  const { level = 'OFF', destinations = [] } = loggingConfiguration ?? {};
  if (destinations.length > 1 || (destinations.length === 0 && level !== 'OFF'))
    throw errors.invalidLogging('Must specify exactly one Log Destination.');
  for (const { cloudWatchLogsLogGroup: group } of destinations) {
    if (group?.logGroupArn === undefined) throw errors.invalidLogging('Log Destination not found.');
    if (!group.logGroupArn.endsWith(':*'))
      throw errors.invalidLogging("Log Group ARN must be provided with '*' qualifier.");
  }
  if (tracingConfiguration && tracingConfiguration.enabled === undefined) throw errors.invalidTracing();
  if (encryptionConfiguration) checkEncryption(encryptionConfiguration);
}

/** Reads an encryption configuration; returns undefined if there is none. */
export function readEncryption(checker: Checker): Encryption | undefined {
  const given = checker.object('encryptionConfiguration');
  if (!given) return undefined;
  const type = given.oneOf('type', ENCRYPTION_TYPES, true);
  const kmsKeyId = given.text('kmsKeyId', { min: 1, max: 2_048, shown: true });
  const seconds = given.integer('kmsDataKeyReusePeriodSeconds', 60, 900);
  return {
    ...(type !== undefined && { type }),
    ...(kmsKeyId !== undefined && { kmsKeyId }),
    ...(seconds !== undefined && { kmsDataKeyReusePeriodSeconds: seconds }),
  };
}

/**
 * API reference of Step Functions, InvalidEncryptionConfiguration and EncryptionConfiguration: a customer managed key
 * must be named, and its settings only apply to it.
 * @throws ServiceError InvalidEncryptionConfiguration
 */
export function checkEncryption({ type, kmsKeyId, kmsDataKeyReusePeriodSeconds }: Encryption): void {
  const given = kmsKeyId ?? kmsDataKeyReusePeriodSeconds;
  if (type === 'CUSTOMER_MANAGED_KMS_KEY' && kmsKeyId === undefined)
    throw errors.invalidEncryption(`'kmsKeyId' must be given for the type '${type}'`);
  if (type === 'AWS_OWNED_KEY' && given !== undefined)
    throw errors.invalidEncryption(
      `'kmsKeyId' and 'kmsDataKeyReusePeriodSeconds' can't be given for the type '${type}'`,
    );
}

/** Returns true if a request asks for metadata only: a response without the definition, the input and the output. */
export function readMetadataOnly(checker: Checker): boolean {
  return checker.oneOf('includedData', INCLUDED) === 'METADATA_ONLY';
}

/** The characters of tags. API reference of Step Functions, TagResource. */
const TAG = { regexp: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, shown: '^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$' };
export const TAG_KEY = { min: 1, max: 128, pattern: TAG, shown: true } as const;

/** Reads the tags in a request. Keys that begin with `aws:` are reserved for AWS. */
export function readTags(checker: Checker, required = false): Tag[] {
  return (checker.objects('tags', required) ?? []).map((tag) => {
    const key = tag.requiredText('key', TAG_KEY);
    if (/^aws:/i.test(key)) tag.violate('key', ` '${key}'`, "Member must not begin with 'aws:'");
    return { key, value: tag.requiredText('value', { max: 256, pattern: TAG, shown: true }) };
  });
}
