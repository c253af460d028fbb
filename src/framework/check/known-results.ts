import { KnownType } from './schema-mismatch.js';

/** The JSON types that intrinsic functions return. AWS page "Intrinsic functions for JSONPath states". */
const INTRINSICS: Readonly<Record<string, string>> = {
  Format: 'string',
  JsonToString: 'string',
  Base64Encode: 'string',
  Base64Decode: 'string',
  Hash: 'string',
  UUID: 'string',
  MathAdd: 'integer',
  MathRandom: 'integer',
  ArrayLength: 'integer',
  ArrayContains: 'boolean',
  Array: 'array',
  ArrayPartition: 'array',
  ArrayRange: 'array',
  ArrayUnique: 'array',
  StringSplit: 'array',
};

/** The JSON types of fields of the Context object. AWS page "Context object". */
const CONTEXT: Readonly<Record<string, string>> = {
  'Execution.Id': 'string',
  'Execution.Name': 'string',
  'Execution.RoleArn': 'string',
  'Execution.StartTime': 'string',
  'State.EnteredTime': 'string',
  'State.Name': 'string',
  'State.RetryCount': 'integer',
  'StateMachine.Id': 'string',
  'StateMachine.Name': 'string',
};

/**
 * Returns the type of the value that a JSONPath payload template has at run time, if the text of the template shows it:
 * of an intrinsic function, or of a field of the Context object. Returns undefined if it isn't known.
 */
export function knownResult(path: unknown): KnownType | undefined {
  if (typeof path !== 'string') return undefined;
  const [, intrinsic] = /^States\.(\w+)\(/.exec(path) ?? [];
  const type = intrinsic === undefined ? CONTEXT[path.replace(/^\$\$\./, '')] : INTRINSICS[intrinsic];
  const isKnown = type !== undefined && (intrinsic !== undefined || path.startsWith('$$.'));
  return isKnown ? new KnownType(type, intrinsic === undefined ? path : `States.${intrinsic}`) : undefined;
}
