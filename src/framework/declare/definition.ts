import type { Constructor } from './class.js';
import type { Interceptor } from './interceptor.js';
import type { HandlerOptions } from './handler-options.js';

/** The activity whose tasks a handler takes: an ARN, or a bare name that is looked up when the worker starts. */
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
 * The declared input of a handler: nothing, the parsed JSON unchecked, a bare value, an instance of a validated class,
 * or an array of such instances.
 */
export type InputSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'any' }
  | { readonly kind: 'scalar'; readonly type: 'string' | 'number' | 'boolean' }
  | { readonly kind: 'class' | 'array'; readonly type: Constructor<object> };

/**
 * Returns the name `Class.method`. All handlers of a method have it in common: in the config's `handlers` it names them
 * all.
 */
export const methodName = ({ target, method }: Pick<HandlerDefinition, 'target' | 'method'>): string =>
  `${target.name}.${method}`;

/** The declared output of a handler: an instance of a validated class, or an array of such instances. */
export interface OutputSpec {
  readonly kind: 'class' | 'array';
  readonly type: Constructor<object>;
}

/**
 * One handler, read from its decorators into plain data. After this object is made, the decorators are not read again.
 */
export interface HandlerDefinition {
  /**
   * The name `Class.method`, by which the handler is called in logs, in the config's `handlers`, and in the method
   * `run` of a test bed (a worker in unit tests, without a service). `Class.method@activity` if the method takes the
   * tasks of several activities.
   */
  readonly name: string;
  readonly target: Constructor<object>;
  readonly method: string;
  readonly activity: ActivityRef;
  readonly input: InputSpec;
  /**
   * The type of the result. Absent if the option `output` isn't set; the result is then converted to JSON without
   * checks.
   */
  readonly output?: OutputSpec;
  /** The names of the result's fields that stay beside a reference to it. */
  readonly inline: readonly string[];
  readonly scope: 'worker' | 'task';
  /** The options that were set on each of the two decorators. `resolveHandler` decides which one wins. */
  readonly options: { readonly handle: HandlerOptions; readonly activity: HandlerOptions };
  /** The interceptors of the class, followed by those of the method. */
  readonly interceptors: readonly Constructor<Interceptor>[];
  readonly unknownKeys: 'drop' | 'refuse';
  readonly showValues: boolean;
  /** The groups of class-validator and class-transformer that are in effect: rules for other groups don't apply. */
  readonly groups: readonly string[];
  /** The error names with which the handler may fail; absent if the option `throws` isn't set. */
  readonly throws?: readonly string[];
}
