import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { Constructor } from '../../declare/class.js';

/** A token and its stand-in. */
export type Mock<Token = InjectionToken> = readonly [
  token: Token,
  standIn: StandIn<Token>,
  options?: MockOptions,
];

/** A list of mocks, in which each stand-in has the type of what its own token injects. */
export type MockList<Tokens extends readonly unknown[]> = readonly [
  ...{ readonly [I in keyof Tokens]: Mock<Tokens[I]> },
];

export interface MockOptions {
  /**
   * True if it is no mistake when a test doesn't use the mock, as in a list that several tests share. @default false
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
 * Any value, with a hint for the compiler. The compiler looks at a list of mocks before it knows their tokens. Without the
 * hint, it would infer `string` for the `'paid'` of `{ status: () => 'paid' }`, and then refuse it for a method that
 * returns `'open' | 'paid'`.
 */
type Anything = {} | null | undefined | HintObject | ((...args: never[]) => HintObject);
interface HintObject {
  readonly [key: string]: Hint | ((...args: never[]) => Hint & HintPromise);
}
type Hint = '' | 0 | 0n | true | null | undefined | HintObject | readonly Hint[] | [];
/**
 * The hint for an `async` function. Because of the last signature, the compiler infers `Promise<never>` for
 * `Promise.reject()` and `new Promise()`, which is accepted for every promise.
 */
interface HintPromise {
  then(onFulfilled: { (value: Hint): unknown; (value: never): unknown }): unknown;
}

/** The type of what a token injects; `never` for a string or a symbol, because these have no such type. */
type Injected<Token> = Token extends string | symbol
  ? never
  : Token extends InjectionToken<infer T>
    ? T
    : never;

/** An object of type `T` that may lack members. A function or a primitive value is needed as it is. */
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
