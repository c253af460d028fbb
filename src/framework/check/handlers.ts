import { isIdempotent } from '../worker/handler/interceptors/idempotent.js';
import { distance } from 'fastest-levenshtein';
import { inputSchema, type JsonSchema, outputSchema } from '../declare/schema/dto-schema.js';
import type { PlannedHandler } from '../worker/build/plan.js';

/** The facts about a handler that are compared with machines. */
export interface CheckedHandler {
  /** `Class.method`. */
  readonly name: string;
  /**
   * The ARN of the handler's activity. If the activity is declared by a bare name, the ARN is made from that name, with
   * `*` for a region or account that isn't known.
   */
  readonly activityArn: string;
  /** True if `activityArn` was made from a bare name. */
  readonly madeUp: boolean;
  readonly heartbeatMs: number | false;
  readonly timeoutMs: number | false;
  /** The error names that the handler declares; undefined if its option `throws` isn't set. */
  readonly throws: readonly string[] | undefined;
  readonly schema: JsonSchema;
  /** The schema of the output; undefined if the option `output` isn't set. */
  readonly output: JsonSchema | undefined;
  /** The fields of the output that stay beside a reference to it. */
  readonly inline: readonly string[];
  /** True if its tasks do work once, by an interceptor that `Idempotent` has made. */
  readonly isOnce: boolean;
}

/**
 * Returns the facts about a planned handler (one whose declaration and options were read) that are compared with
 * machines.
 * @param region the region of an activity that is declared by a bare name. @default any
 * @param account the account of such an activity. @default any
 */
export function checkedHandler(
  { definition, options }: Pick<PlannedHandler, 'definition' | 'options'>,
  { region, account }: { readonly region?: string; readonly account?: string },
): CheckedHandler {
  const { activity } = definition;
  return {
    name: definition.name,
    activityArn:
      activity.kind === 'arn'
        ? activity.arn
        : `arn:aws:states:${region ?? '*'}:${account ?? '*'}:activity:${activity.name}`,
    madeUp: activity.kind === 'name',
    heartbeatMs: options.heartbeatMs,
    timeoutMs: options.timeoutMs,
    throws: definition.throws,
    schema: inputSchema(definition),
    output: definition.output && outputSchema(definition.output, definition.groups),
    inline: definition.inline,
    isOnce: definition.interceptors.some(isIdempotent),
  };
}

/** Returns true if the handler takes the tasks of the activity. */
export function serves(
  { activityArn, madeUp }: Pick<CheckedHandler, 'activityArn' | 'madeUp'>,
  arn: string,
): boolean {
  if (!madeUp) return activityArn === arn;
  const [own, theirs] = [activityArn.split(':'), arn.split(':')];
  // The partition isn't compared, since the region determines it.
  return own.every((part, index) => index === 1 || part === '*' || part === theirs[index]);
}

/** Returns the handler that takes the tasks of an activity. */
export const handlerOf = <T extends Pick<CheckedHandler, 'activityArn' | 'madeUp'>>(
  handlers: readonly T[],
  arn: string,
): T | undefined => handlers.find((each) => serves(each, arn));

/**
 * Returns the handler that the author of a machine probably meant by an ARN that fits no handler: one whose activity
 * has the same name in another region or account, or a similar name. Returns undefined if there is none.
 */
export function nearestHandler(handlers: readonly CheckedHandler[], arn: string): CheckedHandler | undefined {
  const name = arn.split(':').at(-1) ?? '';
  const same = handlers.filter(({ activityArn }) => activityArn.split(':').at(-1) === name);
  const among = same.length > 0 ? same : handlers.filter(({ activityArn }) => isNear(activityArn, name));
  return among.toSorted((a, b) => distance(a.activityArn, arn) - distance(b.activityArn, arn))[0];
}

function isNear(activityArn: string, name: string): boolean {
  const other = activityArn.split(':').at(-1) ?? '';
  return distance(other.toLowerCase(), name.toLowerCase()) <= Math.max(2, Math.floor(name.length / 3));
}

const PARTS = ['', 'partition', '', 'region', 'account', '', 'name'];

/** Returns a text that lists the parts in which two ARNs differ, as in `region (us-east-1, not eu-west-1)`. */
export function differenceOf(own: string, theirs: string): string {
  const [a, b] = [own.split(':'), theirs.split(':')];
  return a
    .flatMap((part, i) =>
      part === b[i] || part === '*' || !PARTS[i] ? [] : [`${PARTS[i]} (${part}, not ${b[i] ?? ''})`],
    )
    .join(' and ');
}
