import type { JsonObject, Json } from '../values/json.js';
import type { Reader } from './reader.js';
import type { Expression, StateData } from '../expression/state-data.js';

/** The fields for moving data that a kind of state can have. */
export interface FlowParts {
  /** Parameters in JSONPath, Arguments in JSONata. `'JSONPath'` (a Pass) allows Parameters alone. @default false */
  readonly arguments?: boolean | 'JSONPath';
  /** ResultPath, for a state whose work has a result; with `selector`, ResultSelector too. @default false */
  readonly result?: boolean;
  readonly selector?: boolean;
  /** InputPath and OutputPath in JSONPath, Output in JSONata. @default true */
  readonly output?: boolean;
  /** Assign. @default true */
  readonly assign?: boolean;
}

/** The compiled fields that move data into a state and out of it. */
export interface Flow {
  /** Applies InputPath; in JSONata the data stays as it is. */
  input(data: StateData): StateData;
  /** Returns the input of the state's work: Parameters or Arguments, evaluated. */
  arguments(data: StateData): Json | Promise<Json>;
  /** Returns the state's output. `data` has the result of the work. */
  output(data: StateData): Json | Promise<Json>;
  /** Returns the variables that Assign sets; undefined where there are none. `data` has the result of the work. */
  assign(data: StateData): JsonObject | undefined | Promise<JsonObject | undefined>;
}

/** The output and the variables of a state that is left through a Catch or a choice rule. */
export type Exit = Pick<Flow, 'output' | 'assign'>;

/** A compiled rule of a Choice. `exit` has the rule's own Output and Assign, where the rule defines them. */
export interface ChoiceRule {
  test(data: StateData): boolean | Promise<boolean>;
  readonly exit: Partial<Exit>;
}

/** The bounds of an integer that a field holds, or that the field's path leads to. Both bounds are included. */
export interface WholeNumber {
  readonly min: number;
  readonly max: number;
  /** True where the path may also lead to a string that holds a number. @default false */
  readonly inText?: boolean;
  /** Returns the message for a path that leads nowhere. @default the service's message for an invalid path */
  readonly absent?: (path: string) => string;
  /** Returns the message for a value that is not such an integer. @default a message that names both bounds */
  readonly wrong?: (path: string, value: Json) => string;
}

/** A query language: compiles the fields of a state. */
export interface Language {
  readonly name: 'JSONPath' | 'JSONata';
  flow(reader: Reader, parts: FlowParts): Flow;
  /** Compiles the exit of a catcher, whose data has the caught failure in `errorOutput`. */
  catcher(reader: Reader): Exit;
  /**
   * Compiles an integer field, such as `TimeoutSeconds`, and in JSONPath its path, `TimeoutSecondsPath`; undefined
   * where the definition has neither.
   */
  integer(reader: Reader, field: string, rule: WholeNumber): Expression | undefined;
  /**
   * Compiles a string field, such as `Error` or `Cause`, and in JSONPath its path; undefined where the definition has
   * neither.
   */
  text(reader: Reader, field: string): Expression | undefined;
  /** Compiles the time at which a Wait state ends, in epoch milliseconds; undefined where the definition has none. */
  timestamp(reader: Reader): Expression | undefined;
  /** Compiles the list of items that a Map iterates over. */
  items(reader: Reader): Expression;
  /** Compiles the input of each iteration of a Map; undefined where the item itself is the input. */
  itemSelector(reader: Reader): Expression | undefined;
  /** Compiles a field whose JSON value may hold expressions; undefined where the field is absent. */
  template(reader: Reader, field: string): Expression | undefined;
  /** Compiles a rule of a Choice, without its Next. */
  choiceRule(reader: Reader): ChoiceRule;
  /** Returns the message for a field that cannot be in a state of this language. */
  explainUnread(field: string): string;
}
