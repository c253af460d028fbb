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
 * What a mock of a token can be. A class: the container creates an instance of it. `{ useFactory }` or, if the token is
 * a class, any other function: it is called to create the value. Any other value is injected itself, not a copy; `{
 * useValue }` does the same even with a class or a function. An object may lack members: calling a missing method of a
 * class throws an error that says so. For a string, or a symbol that isn't declared as an `InjectionToken<T>`, any
 * value is accepted.
 */
export type StandIn<Token> = [Injected<Token>] extends [never]
  ? Anything
  : unknown extends Injected<Token>
    ? Anything
    : AreSeveral<Token> extends true
      ? Anything
      : | Part<Injected<Token>>
        | MockClass<Injected<Token>>
        | MockProvider<Injected<Token>>
        | ([Token] extends [Constructor] ? MockFactory<Injected<Token>> : never);

/**
 * Any value. The compiler reads a list of mocks before it knows their tokens, and would then infer the type `string`
 * for the `'paid'` of `{ status: () => 'paid' }`. That type doesn't fit a method that returns either `'open'` or
 * `'paid'`. The types here make the compiler infer `'paid'`.
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
 * `true` for a union of different kinds of tokens, such as classes and texts. The items of a list that is declared
 * outside of the call have such a union as their token. `mock(…)` has checked each of them.
 */
type AreSeveral<Token> = [DeclaredClass<Token>] extends [never]
  ? false
  : [Extract<Token, string | symbol>] extends [never]
    ? false
    : true;

/** The classes in a union of tokens. The type `constructor<T>`, which is a part of `InjectionToken<T>`, isn't one. */
type DeclaredClass<Token> = Token extends Constructor
  ? IsSame<Token, Constructor<Injected<Token>>> extends true
    ? never
    : Token
  : never;

/** `true` if two types are the same, including their `readonly` marks. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- a comparison that heeds `readonly` is written so
export type IsSame<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

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
