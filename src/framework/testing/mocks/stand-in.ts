import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { Constructor } from '../../declare/class.js';

/** A token and what to inject for it instead of the real dependency. */
export type Mock<Token = InjectionToken> = readonly [
  token: Token,
  standIn: StandIn<Token>,
  options?: MockOptions,
];

/** A list of mocks. The compiler checks each mock against the type of what its own token injects. */
export type MockList<Tokens extends readonly unknown[]> = readonly [
  ...{ readonly [I in keyof Tokens]: Mock<Tokens[I]> },
];

export interface MockOptions {
  /**
   * True if a test needn't use the mock. It is an error if a test never uses any other mock. Useful in a list of mocks
   * that several tests share.
   * @default false
   */
  readonly optional?: boolean;
}

/**
 * The type of the stand-in for a token. If the stand-in is a class, the container makes an instance of it. If the token is
 * a class, any other function is called as a factory; for any token, `{ useFactory }` is a factory. Any other value is
 * injected as it is, without copying it. `{ useValue }` injects even a class or a function as it is. An object may lack
 * members: if a method of a class is missing, calling it throws an error that says so. If the token is a string, or a
 * symbol that isn't declared as an `InjectionToken<T>`, any value is accepted.
 */
export type StandIn<Token> = [Injected<Token>] extends [never]
  ? Anything
  : unknown extends Injected<Token>
    ? Anything
    : | Part<Injected<Token>>
      | MockClass<Injected<Token>>
      | MockProvider<Injected<Token>>
      | ([Token] extends [Constructor] ? MockFactory<Injected<Token>> : never);

/**
 * Any value. The compiler reads a list of mocks before it knows their tokens, and would then infer the type `string`
 * for the `'paid'` of `{ status: () => 'paid' }`. A mocked method that returns `'open'
 *
 * 'paid'` would not accept that. The types here make the compiler infer `'paid'`.
 */
type Anything = {} | null | undefined | HintObject | ((...args: never[]) => HintObject);
interface HintObject {
  readonly [key: string]: Hint | ((...args: never[]) => Hint & HintPromise);
}
type Hint = '' | 0 | 0n | true | null | undefined | HintObject | readonly Hint[] | [];
/**
 * Makes the compiler infer literal types in the result of an `async` function of a mock. The signature with `value:
 * never` makes it infer `Promise<never>` for `Promise.reject()` and for `new Promise()`, which fits a method that
 * returns any promise.
 */
interface HintPromise {
  then(onFulfilled: { (value: Hint): unknown; (value: never): unknown }): unknown;
}

/**
 * The type of what a token injects. `never` for a string or a symbol, since nothing is known about what these inject.
 */
type Injected<Token> = Token extends string | symbol
  ? never
  : Token extends InjectionToken<infer T>
    ? T
    : never;

/**
 * The type of a mock of `T`: an object may lack members, but a function or a primitive value must have the type `T`
 * itself.
 */
type Part<T> = T extends (...args: never[]) => unknown ? T : T extends object ? Partial<T> : T;

interface MockClass<T> {
  new (...args: never[]): Part<T>;
}
interface MockFactory<T> {
  (container: DependencyContainer): Part<T>;
}
type MockProvider<T> = UseValue<T> | UseClass<T> | UseFactory<T> | UseToken;
interface UseValue<T> {
  readonly useValue: Part<T>;
}
interface UseClass<T> {
  readonly useClass: MockClass<T>;
}
interface UseFactory<T> {
  readonly useFactory: MockFactory<T>;
}
interface UseToken {
  readonly useToken: InjectionToken;
}
