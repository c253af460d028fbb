import { isObject } from '../../asl/values/json.js';
import { errors } from '../../engine/answers/service-error.js';
import { DEFAULT_ENCRYPTION, type Settings } from '../../engine/machines/settings.js';
import type { Tag } from '../../engine/machines/tags.js';
import { Checker, type Body } from '../request-validation.js';

const LEVELS = ['ALL', 'ERROR', 'FATAL', 'OFF'];
const ENCRYPTION_TYPES = ['AWS_OWNED_KEY', 'CUSTOMER_MANAGED_KMS_KEY'];
const INCLUDED = ['ALL_DATA', 'METADATA_ONLY'];

/**
 * Reads the logging, tracing and encryption settings in a request, in the form in which they are stored and described.
 * A setting that isn't in the request is absent.
 */
export function readSettings(checker: Checker, body: Body): Partial<Settings> {
  const { loggingConfiguration: logging, tracingConfiguration: tracing } = body;
  const encryption = body['encryptionConfiguration'];
  return {
    ...(isObject(logging) && { loggingConfiguration: readLogging(checker, logging) }),
    ...(isObject(tracing) && { tracingConfiguration: { enabled: tracing['enabled'] === true } }),
    ...(isObject(encryption) && { encryptionConfiguration: readEncryption(checker, encryption) }),
  };
}

/**
 * Reads a logging configuration. Recorded from the live service: missing fields get the values `false` and `OFF`, and
 * all given fields are kept.
 */
function readLogging(checker: Checker, logging: Body): object {
  const { level = 'OFF', includeExecutionData = false } = logging;
  checkEnum(checker, 'loggingConfiguration.level', level, LEVELS);
  return { ...logging, includeExecutionData, level };
}

function checkEnum(checker: Checker, field: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value === 'string' && allowed.includes(value)) return;
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  checker.violate(field, ` '${shown}'`, `Member must satisfy enum value set: [${allowed.join(', ')}]`);
}

/** @throws ServiceError InvalidLoggingConfiguration, with a recorded message, unless there is one destination */
export function checkLogging({ loggingConfiguration }: Partial<Settings>): void {
  const { level, destinations } = (loggingConfiguration ?? {}) as { level?: unknown; destinations?: unknown };
  const count = Array.isArray(destinations) ? destinations.length : 0;
  if (count > 1 || (count === 0 && level !== undefined && level !== 'OFF'))
    throw errors.invalidLogging('Must specify exactly one Log Destination.');
}

/** Reads an encryption configuration. The key is stored and described, but the local service encrypts nothing. */
export function readEncryption(checker: Checker, given: Body): object {
  const { type = 'AWS_OWNED_KEY', kmsKeyId, kmsDataKeyReusePeriodSeconds: seconds } = given;
  checkEnum(checker, 'encryptionConfiguration.type', type, ENCRYPTION_TYPES);
  if (type === 'AWS_OWNED_KEY') return DEFAULT_ENCRYPTION;
  if (typeof kmsKeyId !== 'string' || kmsKeyId === '')
    checker.violate('encryptionConfiguration.kmsKeyId', ' null', 'Member must not be null');
  return { type, kmsKeyId, ...(typeof seconds === 'number' && { kmsDataKeyReusePeriodSeconds: seconds }) };
}

/** Returns true if a request asks for metadata only: a response without the definition, the input and the output. */
export function readMetadataOnly(checker: Checker): boolean {
  return checker.oneOf('includedData', INCLUDED) === 'METADATA_ONLY';
}

/** Reads the tags in a request. A key must have 1 to 128 characters, a value at most 256. */
export function readTags(checker: Checker, required = false): Tag[] {
  return (checker.objects('tags', required) ?? []).map(({ key = '', value = '' }, i) => {
    const place = `tags.${i + 1}.member`;
    if (typeof key !== 'string' || key === '' || key.length > 128)
      checker.violate(
        `${place}.key`,
        ` '${String(key).slice(0, 128)}'`,
        'Member must have length between 1 and 128',
      );
    if (typeof value !== 'string' || value.length > 256)
      checker.violate(`${place}.value`, '', 'Member must have length less than or equal to 256');
    return { key: String(key), value: String(value) };
  });
}
