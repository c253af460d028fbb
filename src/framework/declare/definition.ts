import type { Constructor } from './class.js';
import type { Interceptor } from './interceptor.js';
import type { HandlerOptions } from './options.js';

/** The activity that a handler's tasks come from: an ARN, or a bare name that is looked up at start. */
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

/**
 * The input of a handler: nothing, the parsed JSON unchecked, a bare value, an instance of a validated class, or an
 * array of such instances.
 */
export type InputSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'any' }
  | { readonly kind: 'scalar'; readonly type: 'string' | 'number' | 'boolean' }
  | { readonly kind: 'class' | 'array'; readonly type: Constructor<object> };

/** The output of a handler: an instance of a validated class, or an array of them. */
export interface OutputSpec {
  readonly kind: 'class' | 'array';
  readonly type: Constructor<object>;
}

/** One handler as it was declared, as plain data. Once this is made, no decorator of the handler is read again. */
export interface HandlerDefinition {
  /** `Class.method`, the handler's name in logs, in the config's `handlers` and in a bed's `run`. */
  readonly name: string;
  readonly target: Constructor<object>;
  readonly method: string;
  readonly activity: ActivityRef;
  readonly input: InputSpec;
  /** Absent without `output:`: the result is then written as it is. */
  readonly output?: OutputSpec;
  readonly scope: 'worker' | 'task';
  /** The options of each decorator. `resolveHandler` decides which decorator wins. */
  readonly options: { readonly handle: HandlerOptions; readonly activity: HandlerOptions };
  /** The interceptors of the class, then those of the method. */
  readonly interceptors: readonly Constructor<Interceptor>[];
  readonly unknownKeys: 'drop' | 'refuse';
  readonly showValues: boolean;
  /** The groups of class-validator and class-transformer that apply. */
  readonly groups: readonly string[];
  /** The error names that the handler may fail with; absent where `throws` is not declared. */
  readonly throws?: readonly string[];
}
