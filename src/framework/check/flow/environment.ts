import { NUMBER, part, type Shape, TEXT, UNKNOWN, withOthers } from './shape.js';

/** The knowledge of the values that a field of a state can read. */
export interface Environment {
  readonly input: Shape;
  /** The result of the state's work. Absent before it. */
  readonly result?: Shape;
  /** The object that describes a failure, in a Catch. */
  readonly errorOutput?: Shape;
  readonly variables: Readonly<Record<string, Shape>>;
  /** The item of the innermost Map; undefined outside any Map. */
  readonly item: Shape | undefined;
}

/** Returns what is known of the context object. AWS page "Accessing execution data from the Context object". */
export function contextOf({ item }: Pick<Environment, 'item'>): Shape {
  const others = withOthers;
  return others({
    Execution: others({ Id: TEXT, Name: TEXT, StartTime: TEXT, RoleArn: TEXT, Input: UNKNOWN }),
    StateMachine: others({ Id: TEXT, Name: TEXT }),
    State: others({ Name: TEXT, EnteredTime: TEXT, RetryCount: NUMBER }),
    ...(item !== undefined && { Map: others({ Item: others({ Index: NUMBER, Value: item }) }) }),
  });
}

/** A path of a field that leads to nothing: the field's keys and indexes, and the path. */
export interface DeadPath {
  readonly steps: readonly (string | number)[];
  readonly path: string;
  /** The name that the value lacks, and the value. */
  readonly name: string;
  readonly within: Shape;
}

/** Reads one part after another. @returns the part, or the name that is missing and the value that lacks it */
export function follow(root: Shape, keys: readonly (string | number)[]): Shape | Missing {
  let at = root;
  for (const key of keys) {
    const next = part(at, key);
    if (next === undefined) return new Missing(String(key), at);
    at = next;
  }
  return at;
}

/** The end of a path that leads to nothing. */
export class Missing {
  constructor(
    readonly missing: string,
    readonly within: Shape,
  ) {}
}
