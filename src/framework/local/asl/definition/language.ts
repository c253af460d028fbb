import type { JsonObject, Json } from '../values/json.js';
import type { Reader } from './reader.js';
import type { Expression, StateData } from '../expression/state-data.js';

/** The fields of a kind of state that move data. */
export interface FlowParts {
  /** Parameters, or Arguments; a Pass has Parameters alone. */
  readonly arguments?: boolean | 'JSONPath';
  /** ResultPath, for a result of the state's own; with `selector`, ResultSelector too. */
  readonly result?: boolean;
  readonly selector?: boolean;
  /** InputPath and OutputPath, or Output. @default true */
  readonly output?: boolean;
  /** Assign. @default true */
  readonly assign?: boolean;
}

/** Moves data into a state and out of it. */
export interface Flow {
  /** Applies InputPath. */
  input(data: StateData): StateData;
  /** Returns the input of the work: Parameters, or Arguments. */
  arguments(data: StateData): Json | Promise<Json>;
  /** Returns the state's output. The data has the result. */
  output(data: StateData): Json | Promise<Json>;
  /** Returns the variables to set; undefined where there are none. The data has the result. */
  assign(data: StateData): JsonObject | undefined | Promise<JsonObject | undefined>;
}

/** Moves data out of a state, through a Catch or a choice rule. */
export type Exit = Pick<Flow, 'output' | 'assign'>;

/** A rule of a Choice, with the parts of an exit that it defines. */
export interface ChoiceRule {
  test(data: StateData): boolean | Promise<boolean>;
  readonly exit: Partial<Exit>;
}

/** The rule of an integer in a field, or at the end of the field's path; both bounds are included. */
export interface WholeNumber {
  readonly min: number;
  readonly max: number;
  /** True where a path may lead to a number in a string. @default false */
  readonly inText?: boolean;
  /** The message for a path that leads nowhere. @default that the path is not valid */
  readonly absent?: (path: string) => string;
  /** The message for a value that is no such integer. */
  readonly wrong?: (path: string, value: Json) => string;
}

/** A query language: compiles the fields of a state. */
export interface Language {
  readonly name: 'JSONPath' | 'JSONata';
  flow(reader: Reader, parts: FlowParts): Flow;
  /** Compiles the exit of a catcher. The data's errorOutput is the caught failure. */
  catcher(reader: Reader): Exit;
  /** Compiles an integer: `TimeoutSeconds`, with `TimeoutSecondsPath` in JSONPath. */
  integer(reader: Reader, field: string, rule: WholeNumber): Expression | undefined;
  /** Compiles a string: `Error`, `Cause`. */
  text(reader: Reader, field: string): Expression | undefined;
  /** Compiles the time that a Wait ends, in epoch milliseconds. */
  timestamp(reader: Reader): Expression | undefined;
  /** Compiles the items of a Map. */
  items(reader: Reader): Expression;
  /** Compiles the input of a Map's iterations; undefined where that is the item. */
  itemSelector(reader: Reader): Expression | undefined;
  /** Compiles a JSON value that holds expressions. */
  template(reader: Reader, field: string): Expression | undefined;
  /** Compiles a rule of a Choice, without its Next. */
  choiceRule(reader: Reader): ChoiceRule;
  /** Says why a field cannot be in a state of this language, for the problem of an unread field. */
  explainUnread(field: string): string;
}
