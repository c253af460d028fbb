import { isPlainObject } from '../../base/plain-object.js';
import { type Fields, inputPart, literal, type Missing, NUMBER, type Shape, TEXT } from './shape.js';

/** The knowledge of the values that a field of a state can read. */
export interface Environment {
  readonly input: Shape;
  /** The result of the state's work. Absent before it. */
  readonly result?: Shape;
  /** The object that describes a failure, in a Catch. */
  readonly errorOutput?: Shape;
  /** The variables that a state before may have assigned. There are no others. */
  readonly variables: Fields;
  /** The item of the innermost Map; undefined outside any Map. */
  readonly item: Shape | undefined;
}

/** Returns what is known of the context object. AWS page "Accessing execution data from the Context object". */
export const contextOf = ({ item }: Pick<Environment, 'item'>): Fields => ({
  Execution: {
    ...{ Id: TEXT, Input: inputPart([]), Name: TEXT, RoleArn: TEXT, StartTime: TEXT },
    ...{ RedriveCount: NUMBER, RedriveTime: TEXT },
  },
  StateMachine: { Id: TEXT, Name: TEXT },
  State: { Name: TEXT, EnteredTime: TEXT, RetryCount: NUMBER },
  Task: { Token: TEXT },
  ...(item !== undefined && { Map: { Item: { Index: NUMBER, Value: item, Key: TEXT, Source: TEXT } } }),
});

/** A path, or a part of an expression, that leads to nothing. */
export interface DeadPath {
  /** The keys and indexes that lead from the state to it. */
  readonly steps: readonly (string | number)[];
  readonly path: string;
  readonly missing: Missing;
  /** True if whatever reads the path fails. If not, it gets a value without this part. */
  readonly isSure: boolean;
}

/** What a field of a state makes, and where. */
export interface Field {
  readonly environment: Environment;
  readonly steps: DeadPath['steps'];
  /** The paths that lead to nothing are added to it. */
  readonly dead: DeadPath[];
}

/** Returns the field inside another one. */
export const inside = (field: Field, step: string | number): Field => ({
  ...field,
  steps: [...field.steps, step],
});

/**
 * Returns what is known of the value that a template makes.
 * @param read reads a text, or returns undefined if nothing is evaluated in it. `key` is the key of the text
 */
export function templateShape(
  template: unknown,
  field: Field,
  read: (text: string, field: Field, key: string) => Shape | undefined,
  key = '',
): Shape {
  if (typeof template === 'string') return read(template, field, key) ?? literal(template);
  if (Array.isArray(template))
    return template.map((each, index) => templateShape(each, inside(field, index), read));
  if (!isPlainObject(template)) return literal(template);
  return Object.fromEntries(
    Object.entries(template).map(([name, each]): [string, Shape] => [
      name.replace(/\.\$$/, ''),
      templateShape(each, inside(field, name), read, name),
    ]),
  );
}
