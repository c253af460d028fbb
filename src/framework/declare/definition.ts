import type { Constructor } from './class.js';
import type { Interceptor } from './interceptor.js';
import type { HandlerOptions } from './options.js';

/** Where a handler's tasks come from: an ARN, or a bare name that is looked up at start. */
export type ActivityRef =
  | {
      readonly kind: 'arn';
      readonly arn: string;
      readonly name: string;
      readonly partition: string;
      readonly region: string;
      readonly account: string;
    }
  | { readonly kind: 'name'; readonly name: string };

/** What a handler takes: nothing, the parsed JSON as it is, a bare value, or instances of a validated class. */
export type InputSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'any' }
  | { readonly kind: 'scalar'; readonly type: 'string' | 'number' | 'boolean' }
  | { readonly kind: 'class' | 'array'; readonly type: Constructor<object> };

/** What a handler's result is made into: an instance of a validated class, or an array of them. */
export interface OutputSpec {
  readonly kind: 'class' | 'array';
  readonly type: Constructor<object>;
}

/** All that a user declared about one handler, as plain data. Nothing reads a decorator's metadata after this. */
export interface HandlerDefinition {
  /** `Class.method`: its name in logs, in the config's `handlers`, in a bed's `run`. */
  readonly name: string;
  readonly target: Constructor<object>;
  readonly method: string;
  readonly activity: ActivityRef;
  readonly input: InputSpec;
  /** Absent: the result goes out as it is. */
  readonly output?: OutputSpec;
  readonly scope: 'worker' | 'task';
  /** What each decorator says of it; the config says which wins. */
  readonly options: { readonly handle: HandlerOptions; readonly activity: HandlerOptions };
  /** The class's, then the method's. */
  readonly interceptors: readonly Constructor<Interceptor>[];
  readonly unknownKeys: 'drop' | 'refuse';
  readonly showValues: boolean;
  /** The groups of class-validator and class-transformer that apply. */
  readonly groups: readonly string[];
  /** The names that it may fail by; undefined where nobody says. */
  readonly throws?: readonly string[];
}
