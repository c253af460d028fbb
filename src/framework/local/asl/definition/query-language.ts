import type { JsonObject, Json } from '../values/json.js';
import type { Reader } from './reader.js';
import type { Expression, StateData } from '../expression/state-data.js';

/** Says which of the fields that move data into and out of a state a kind of state can have. */
export interface FlowParts {
  /**
   * True if the state can have Parameters (in JSONPath) or Arguments (in JSONata); `'JSONPath'` if it can have only
   * Parameters, as a Pass. @default false
   */
  readonly arguments?: boolean | 'JSONPath';
  /**
   * True if the state's work has a result, so that the state can have ResultPath. `selector` is true if it can also
   * have ResultSelector. @default false
   */
  readonly result?: boolean;
  readonly selector?: boolean;
  /** True if the state can have InputPath and OutputPath (in JSONPath) or Output (in JSONata). @default true */
  readonly output?: boolean;
  /** True if the state can have Assign. @default true */
  readonly assign?: boolean;
}

/** The compiled fields that move data into a state and out of it. */
export interface Flow {
  /** Applies InputPath. In JSONata the data is returned as it is. */
  input(data: StateData): StateData;
  /** Evaluates Parameters or Arguments, and returns the input of the state's work. */
  arguments(data: StateData): Json | Promise<Json>;
  /** Returns the state's output. `data` contains the result of the work. */
  output(data: StateData): Json | Promise<Json>;
  /** Returns the variables that Assign sets; undefined if there are none. `data` contains the result of the work. */
  assign(data: StateData): JsonObject | undefined | Promise<JsonObject | undefined>;
}

/** The output and the variables of a state that is left through a Catch or through a rule of a Choice. */
export type Exit = Pick<Flow, 'output' | 'assign'>;

/** A compiled rule of a Choice. `exit` contains the rule's own Output and Assign, if the rule has them. */
export interface ChoiceRule {
  test(data: StateData): boolean | Promise<boolean>;
  readonly exit: Partial<Exit>;
}

/** The range of an integer in a field, or in the value to which the field's path leads. Both bounds are included. */
export interface WholeNumber {
  readonly min: number;
  readonly max: number;
  /** True if the path may also lead to a string that contains a number. @default false */
  readonly inText?: boolean;
  /** Returns the message for a path that leads to nothing. @default Step Functions' message for an invalid path */
  readonly absent?: (path: string) => string;
  /** Returns the message for a value that isn't an integer in the range. @default a message that names both bounds */
  readonly wrong?: (path: string, value: Json) => string;
}

/** A query language, JSONPath or JSONata. Compiles the fields of a state. */
export interface Language {
  readonly name: 'JSONPath' | 'JSONata';
  flow(reader: Reader, parts: FlowParts): Flow;
  /** Compiles the Output and the Assign of a Catch. When they are evaluated, the caught failure is in `errorOutput`. */
  catcher(reader: Reader): Exit;
  /**
   * Compiles an integer field, such as `TimeoutSeconds`. In JSONPath also reads the path in `TimeoutSecondsPath`.
   * Returns undefined if the definition has neither.
   */
  integer(reader: Reader, field: string, rule: WholeNumber): Expression | undefined;
  /**
   * Compiles a string field, such as `Error` or `Cause`. In JSONPath also reads its path. Returns undefined if the
   * definition has neither.
   */
  text(reader: Reader, field: string): Expression | undefined;
  /** Compiles the time at which a Wait state ends, in epoch milliseconds; undefined if the definition has none. */
  timestamp(reader: Reader): Expression | undefined;
  /** Compiles the list of items that a Map iterates over. */
  items(reader: Reader): Expression;
  /** Compiles the input of each iteration of a Map. Returns undefined if the input is the item itself. */
  itemSelector(reader: Reader): Expression | undefined;
  /** Compiles a field whose JSON value may contain expressions. Returns undefined if the field is absent. */
  template(reader: Reader, field: string): Expression | undefined;
  /** Compiles a rule of a Choice, without its Next. */
  choiceRule(reader: Reader): ChoiceRule;
  /** The fields that a state can have only in the other query language. */
  readonly foreign: readonly string[];
  /** Returns the message for a field that a state in this query language can't have. */
  explainUnread(field: string): string;
}
