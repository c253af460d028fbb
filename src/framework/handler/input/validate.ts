import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import type { Constructor, HandlerDefinition, InputSpec } from '../../declare/definition.js';
import './injected-rules.js';
import { indexPath } from './path.js';
import { Refusal, type Violation } from './refusal.js';
import { restoreRaw } from './restore.js';
import { select, type Selection, type SelectOptions } from './select.js';
import { OWN_ERROR } from '../outcome.js';
import { inOrder, violationsOf, type ViolationOptions } from './violations.js';

/** Makes of parsed JSON what the handler is given. Rejects with a Refusal that lists every violation. */
export type Validate = (value: unknown) => unknown;

type Options = SelectOptions & ViolationOptions;

/** One function for the input of a handler, decided once. */
export function compileInput({ input, groups, unknownKeys, showValues }: HandlerDefinition): Validate {
  const options = { groups, unknownKeys, showValues };
  switch (input.kind) {
    case 'none':
      return () => undefined;
    case 'any':
      return (value) => value;
    case 'scalar':
      return (value) => scalar(value, input.type);
    case 'class':
      return async (value) => settle(await readObject(value, input, '', options), input);
    default:
      return async (value) => readArray(value, input, options);
  }
}

/** A cause has no room for more: so many wrong places are refused without asking the rules, which would take long. */
const TOO_MANY = 1_000;

type ClassInput = Extract<InputSpec, { kind: 'class' | 'array' }>;
type Read = { readonly instance?: unknown; readonly violations: readonly Violation[] };

function scalar(value: unknown, type: 'string' | 'number' | 'boolean'): unknown {
  if (typeof value === type) return value;
  throw invalidInput(
    [{ path: '', rule: `is${capital(type)}`, message: `the value must be a ${type}` }],
    `a ${type}`,
  );
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

async function readArray(value: unknown, input: ClassInput, options: Options): Promise<unknown> {
  if (!Array.isArray(value)) {
    const violation = { path: '', rule: 'isArray', message: 'the value must be an array' };
    throw invalidInput([violation], `an array of ${input.type.name}`);
  }
  const reads = await Promise.all(
    value.map((each, index) => readObject(each, input, indexPath('', index), options)),
  );
  const violations = reads.flatMap((each) => each.violations);
  return settle({ instance: reads.map(({ instance }) => instance), violations }, input);
}

async function readObject(
  value: unknown,
  { type }: ClassInput,
  path: string,
  options: Options,
): Promise<Read> {
  const selection = select(value, type, path, options);
  if (selection.value === undefined || selection.violations.length > TOO_MANY) return selection;
  const instance = transform(selection, type, path, options.groups);
  if (Refusal.is(instance)) return { violations: [...selection.violations, ...instance.violations] };
  const errors = await check(instance, options.groups);
  const broken = errors.length > 0 ? violationsOf(errors, path, options) : [];
  return { instance, violations: merge(selection.violations, broken) };
}

/** `@Transform` functions and setters are the user's, and meet values that no rule has seen yet. */
function transform(
  { value, hasRaw }: Selection,
  type: Constructor<object>,
  path: string,
  groups: readonly string[],
): object {
  try {
    const instance = plainToInstance(type, value, groups.length > 0 ? { groups: [...groups] } : undefined);
    if (hasRaw) restoreRaw(instance, value, groups);
    return instance;
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    const message = `reading it into ${type.name} threw ${name}: a @Transform, @Type or setter could not take the value`;
    return invalidInput([{ path, rule: 'transform', message }], type.name);
  }
}

function check(instance: object, groups: readonly string[]): Promise<ValidationError[]> {
  return validate(instance, {
    forbidUnknownValues: true,
    ...(groups.length > 0 && { groups: [...groups] }),
  });
}

/** A place whose shape is wrong was left out of the copy; what the rules say of the gap is not the user's mistake. */
function merge(wrong: readonly Violation[], broken: readonly Violation[]): readonly Violation[] {
  if (wrong.length === 0) return broken;
  const places = new Set(wrong.map(({ path }) => path));
  return [...wrong, ...broken.filter(({ path }) => !isWithin(path, places))];
}

function isWithin(path: string, places: ReadonlySet<string>): boolean {
  if (places.has(path)) return true;
  for (const { index } of path.matchAll(/[.[]/g)) if (places.has(path.slice(0, index))) return true;
  return false;
}

function settle({ instance, violations }: Read, { kind, type }: ClassInput): unknown {
  if (violations.length === 0) return instance;
  throw invalidInput(violations, kind === 'array' ? `an array of ${type.name}` : type.name);
}

function invalidInput(violations: readonly Violation[], expected: string): Refusal {
  const ordered = inOrder(violations);
  const [first] = ordered;
  const more = ordered.length > 1 ? ` (and ${ordered.length - 1} more)` : '';
  return new Refusal(
    OWN_ERROR.invalidInput,
    `the input is not ${article(expected)}: ${first?.message}${more}`,
    ordered,
  );
}

const article = (expected: string): string => (/^an? /.test(expected) ? expected : `a valid ${expected}`);
