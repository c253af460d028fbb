import type { HandlerDefinition } from '../declare/definition.js';
import { type JsonSchema, inputSchema } from '../declare/schema/input-schema.js';
import { distance } from 'fastest-levenshtein';

/** What is compared of a handler. */
export interface CheckedHandler {
  /** `Class.method`. */
  readonly name: string;
  /** Its ARN; of a bare name one that looks like it would where it is made up. */
  readonly activityArn: string;
  /** Whether the ARN was made up of a bare name, so that another region or account may be meant. */
  readonly madeUp: boolean;
  readonly heartbeatMs: number | false;
  readonly timeoutMs: number | false;
  /** Undefined where nobody says. */
  readonly throws: readonly string[] | undefined;
  readonly schema: JsonSchema;
}

/** What {@link checkedHandler} takes of a handler that was planned. */
export interface Planned {
  readonly definition: HandlerDefinition;
  readonly options: { readonly heartbeatMs: number | false; readonly timeoutMs: number | false };
}

/**
 * @param region that of a bare name; where there is none, its machines may name any.
 * @param account that of a bare name; where there is none, its machines may name any.
 */
export function checkedHandler(
  { definition, options }: Planned,
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
  };
}

/** Whether a handler takes the tasks of an activity. */
export function serves(
  { activityArn, madeUp }: Pick<CheckedHandler, 'activityArn' | 'madeUp'>,
  arn: string,
): boolean {
  if (!madeUp) return activityArn === arn;
  const [own, theirs] = [activityArn.split(':'), arn.split(':')];
  // A partition goes with its region.
  return own.every((part, index) => index === 1 || part === '*' || part === theirs[index]);
}

/** Of several, the one that takes the tasks of an activity. */
export const handlerOf = <T extends Pick<CheckedHandler, 'activityArn' | 'madeUp'>>(
  handlers: readonly T[],
  arn: string,
): T | undefined => handlers.find((each) => serves(each, arn));

/** The handler whose activity is probably meant: of the same name elsewhere, or of nearly the same. */
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

/** In what two ARNs differ: `region (us-east-1, not eu-west-1)`. */
export function differenceOf(own: string, theirs: string): string {
  const [a, b] = [own.split(':'), theirs.split(':')];
  return a
    .flatMap((part, i) =>
      part === b[i] || part === '*' || !PARTS[i] ? [] : [`${PARTS[i]} (${part}, not ${b[i] ?? ''})`],
    )
    .join(' and ');
}
