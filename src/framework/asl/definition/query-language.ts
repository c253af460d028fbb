import { isObject, type Json, type JsonObject } from '../values/json.js';
import type { Reader } from './reader.js';
import type { Expression, StateData } from '../expression.js';
import type { FlowFields } from '../kinds.js';

/** The compiled data-flow fields of a state, such as InputPath, Arguments and Output. */
export interface Flow {
  /** Applies InputPath to the data. JSONata has no InputPath, so there the data is returned unchanged. */
  input(data: StateData): StateData;
  /**
   * Evaluates Parameters or Arguments, and returns the value, such as the input of the task that a Task state
   * schedules.
   */
  arguments(data: StateData): Json | Promise<Json>;
  /** Returns the state's output. `data` must contain the result, such as that of the task. */
  output(data: StateData): Json | Promise<Json>;
  /**
   * Returns the variables that Assign sets; undefined if it sets none. `data` must contain the result, such as that of
   * the task.
   */
  assign(data: StateData): JsonObject | undefined | Promise<JsonObject | undefined>;
}

/**
 * The compiled Output and Assign of a catcher or of a Choice rule. They are used instead of the state's own when the
 * branch leaves the state through that catcher or rule.
 */
export type Exit = Pick<Flow, 'output' | 'assign'>;

/** A compiled rule of a Choice. `exit` contains the rule's own Output and Assign, if the rule has them. */
export interface ChoiceRule {
  test(data: StateData): boolean | Promise<boolean>;
  readonly exit: Partial<Exit>;
}

/** Returns true if a value is a number that a field may have. */
export function isNumberIn(value: unknown, { min, max, fraction = false }: WholeNumber): boolean {
  const isNumber = fraction ? typeof value === 'number' : Number.isInteger(value);
  return isNumber && Number(value) >= min && Number(value) <= max;
}

/**
 * The values that an integer field may have: `min` to `max`, both included. The range also applies to the value that is
 * read when the field contains a path.
 */
export interface WholeNumber {
  readonly min: number;
  readonly max: number;
  /** True if the number may have a fraction. @default false */
  readonly fraction?: boolean;
  /** True if the path may also lead to a string that contains a number. @default false */
  readonly inText?: boolean;
  /**
   * Returns the error message to use if the path leads to no value.
   * @default Step Functions' message for an invalid path
   */
  readonly absent?: (path: string) => string;
  /**
   * Returns the error message to use if the value isn't an integer in the range.
   * @default a message that names both bounds
   */
  readonly wrong?: (path: string, value: Json) => string;
}

/** A query language, JSONPath or JSONata. Compiles the fields of a state. */
export interface Language {
  readonly name: 'JSONPath' | 'JSONata';
  flow(reader: Reader, parts: FlowFields): Flow;
  /** Compiles the Output and the Assign of a Catch. When they are evaluated, the caught failure is in `errorOutput`. */
  catcher(reader: Reader): Exit;
  /**
   * Compiles an integer field, such as `TimeoutSeconds`. In JSONPath the number can also come from a path, in the field
   * `TimeoutSecondsPath`. Returns undefined if the state has neither field.
   */
  integer(reader: Reader, field: string, rule: WholeNumber): Expression | undefined;
  /**
   * Compiles a string field, such as `Error` or `Cause`. In JSONPath the string can also come from a path, in the field
   * `ErrorPath`. Returns undefined if the state has neither field.
   */
  text(reader: Reader, field: string): Expression | undefined;
  /**
   * Compiles the Timestamp field of a Wait state. The expression returns the time in epoch milliseconds. Returns
   * undefined if the state has no such field.
   */
  timestamp(reader: Reader): Expression | undefined;
  /**
   * Compiles the list of items that a Map iterates over.
   * @param orObject true if it may be an object too. @default false
   */
  items(reader: Reader, orObject?: boolean): Expression;
  /** Compiles the input of each iteration of a Map. Returns undefined if the input is the item itself. */
  itemSelector(reader: Reader): Expression | undefined;
  /** Compiles a field whose JSON value may contain expressions. Returns undefined if the field is absent. */
  template(reader: Reader, field: string): Expression | undefined;
  /** Compiles a rule of a Choice, except its Next. */
  choiceRule(reader: Reader): ChoiceRule;
  /** The names of the fields that exist only in the other query language. */
  readonly foreign: readonly string[];
  /** Returns the error message for a field that a state in this query language can't have. */
  explainUnread(field: string): string;
}

const NAME = /^\p{ID_Start}\p{ID_Continue}*$/u;
const NAME_LIMIT = 80;

/**
 * Reads the names of the variables that an Assign sets, and adds a problem for each invalid name. AWS page "Passing
 * data between states with variables".
 */
export function readVariableNames(reader: Reader): string[] {
  const source = reader.source['Assign'];
  if (source === undefined) return [];
  if (!isObject(source)) {
    reader.problem("Expected 'Assign' to be an object", 'Assign');
    return [];
  }
  const names = Object.keys(source).map((key) => key.replace(/\.\$$/, ''));
  for (const name of names) {
    if (!NAME.test(name) || name.length > NAME_LIMIT || name === 'states') {
      reader.problem(`'${name}' is not a valid name of a variable`, `Assign/${name}`);
    }
  }
  return names;
}
