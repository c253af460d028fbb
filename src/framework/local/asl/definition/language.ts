import type { JsonObject, Json } from '../values/json.js';
import type { Reader } from './reader.js';
import type { Expression, StateData } from '../expression/state-data.js';

/** Which of the fields that move data a kind of state has. */
export interface FlowParts {
  /** Parameters, or Arguments. A Pass has the one and not the other. */
  readonly arguments?: boolean | 'JSONPath';
  /** A result of its own, so ResultPath; with `selector`, ResultSelector too. */
  readonly result?: boolean;
  readonly selector?: boolean;
  /** InputPath and OutputPath, or Output. @default true */
  readonly output?: boolean;
  /** Assign. @default true */
  readonly assign?: boolean;
}

/** How data comes into a state and leaves it. */
export interface Flow {
  /** The data that the work starts from: InputPath applied. */
  input(data: StateData): StateData;
  /** What the work is given: Parameters, or Arguments. */
  arguments(data: StateData): Json | Promise<Json>;
  /** What leaves the state. The data has the result. */
  output(data: StateData): Json | Promise<Json>;
  /** The variables to set, or undefined where there are none. The data has the result. */
  assign(data: StateData): JsonObject | undefined | Promise<JsonObject | undefined>;
}

/** How data leaves a state through a Catch or a Choice rule. */
export type Exit = Pick<Flow, 'output' | 'assign'>;

/** A rule of a Choice, and how the data leaves by it where it says so. */
export interface ChoiceRule {
  test(data: StateData): boolean | Promise<boolean>;
  readonly exit: Partial<Exit>;
}

/** What a whole number in a field, or at the end of its path, must be; both bounds are included. */
export interface WholeNumber {
  readonly min: number;
  readonly max: number;
  /** Whether a number in a text counts, at the end of a path. @default false */
  readonly inText?: boolean;
  /** What is said of a path that leads nowhere. @default that it is not valid */
  readonly absent?: (path: string) => string;
  /** What is said of a value that is none. */
  readonly wrong?: (path: string, value: Json) => string;
}

/** JSONPath or JSONata: how the fields of a state are written and worked out. */
export interface Language {
  readonly name: 'JSONPath' | 'JSONata';
  flow(reader: Reader, parts: FlowParts): Flow;
  /** The exit of a catcher. The data's errorOutput is what was caught. */
  catcher(reader: Reader): Exit;
  /** A whole number that may be worked out: `TimeoutSeconds`, with `TimeoutSecondsPath` in JSONPath. */
  integer(reader: Reader, field: string, rule: WholeNumber): Expression | undefined;
  /** A text that may be worked out: `Error`, `Cause`. */
  text(reader: Reader, field: string): Expression | undefined;
  /** The instant of a Wait, in epoch milliseconds. */
  timestamp(reader: Reader): Expression | undefined;
  /** The items of a Map. */
  items(reader: Reader): Expression;
  /** What an iteration of a Map is given, or undefined where it is given its item. */
  itemSelector(reader: Reader): Expression | undefined;
  /** A JSON value with places in it that are worked out. */
  template(reader: Reader, field: string): Expression | undefined;
  /** A rule of a Choice, without its Next. */
  choiceRule(reader: Reader): ChoiceRule;
  /** Why a field cannot stand in a state of this language, for the message of one that nobody read. */
  explainUnread(field: string): string;
}
