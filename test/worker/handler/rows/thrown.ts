import { createContext, runInContext } from 'node:vm';
import { ActivityFailure, ErrorName } from 'stepwright';
import type { Row, Expected } from './row.js';

const nothing = (thrown: string): string =>
  `${thrown} was thrown, or a promise was rejected with nothing: it has no message and no stack. Fix: throw new Error('…'), or reject(new Error('…')); Catch and Retry see the name of that error`;

const thrower = (thrown: () => unknown) => (): never => {
  // oxlint-disable-next-line typescript/only-throw-error -- anything can be thrown
  throw thrown();
};

function row(name: string, thrown: () => unknown, error: string, cause: Record<string, unknown>): Row {
  const expected: Expected = { error, cause: { errorType: error, ...cause } };
  return { name, options: { input: 'any' }, json: '{}', run: thrower(thrown), interceptors: [], expected };
}

/** A thrown error: its cause has a trace. */
const fails = (
  name: string,
  thrown: () => unknown,
  error: string,
  errorMessage: string,
  more: object = {},
): Row => row(name, thrown, error, { errorMessage, trace: 'trace', ...more });

/** A thrown value that is no error: the trace of its cause names the handler. */
const odd = fails;

class PaymentError extends Error {}
@ErrorName('PaymentDeclined')
class Declined extends Error {}
class DeclinedAgain extends Declined {}
class Named extends Error {
  override name = 'GivenByField';
}
class Typed extends TypeError {}
class Late extends Error {
  get code(): string {
    throw new Error('no code');
  }
}
class Untold extends Error {
  override get message(): string {
    throw new Error('no message');
  }
}
const minified = (): Error => new (class ab extends Error {})('m');
const ofClass = (name: string): Error => {
  const type = class extends Error {};
  Object.defineProperty(type, 'name', { value: name });
  return new type('m');
};
const named = (error: Error, name: string): Error => Object.assign(error, { name });
const caused = (message: string, cause: unknown): Error => new Error(message, { cause });
const foreign = (code: string): unknown => runInContext(code, createContext({}));
const ring = (): unknown => {
  const error = new Error('a');
  error.cause = caused('b', error);
  return error;
};
const holdsItself = (): unknown => {
  const failure = new ActivityFailure('OutOfStock', 'm');
  return Object.assign(failure, { errors: [failure] });
};
const levels = (count: number): Error =>
  count === 0 ? new Error('leaf') : new AggregateError([levels(count - 1)], `level ${count}`);
const bigData = (): Record<string, unknown> => {
  const data: Record<string, unknown> = {};
  data['self'] = data;
  return data;
};
const reserved = (name: string, reported: string): string =>
  `m [the error name '${name}' is reserved; the reported name is '${reported}']`;

const reservedClass = (name: string): string =>
  `m [the class of a thrown error is named '${name}', which is reserved; the reported name is 'Error'. Give the class @ErrorName('…')]`;

const names: Row[] = [
  fails('an Error', () => new Error('m'), 'Error', 'm'),
  fails('an Error without a message', () => new Error(), 'Error', ''),
  fails('an error of the language', () => new TypeError('m'), 'TypeError', 'm'),
  fails('a RangeError', () => new RangeError('m'), 'RangeError', 'm'),
  fails('a class of its own: the name of the class', () => new PaymentError('m'), 'PaymentError', 'm'),
  fails('a name that was set', () => Object.assign(new Error('m'), { name: 'SetByHand' }), 'SetByHand', 'm'),
  fails(
    'a name that was set to Error',
    () => Object.assign(new PaymentError('m'), { name: 'Error' }),
    'Error',
    'm',
  ),
  fails('a name by a field', () => new Named('m'), 'GivenByField', 'm'),
  fails('a name that is inherited, other than Error', () => new Typed('m'), 'TypeError', 'm'),
  fails(
    'an empty name: the name of the class',
    () => Object.assign(new PaymentError('m'), { name: '' }),
    'PaymentError',
    'm',
  ),
  fails(
    'a name that is no string',
    () => Object.assign(new PaymentError('m'), { name: 7 }),
    'PaymentError',
    'm',
  ),
  fails(
    'a minified class',
    minified,
    'Error',
    "m [the class of a thrown error is named 'ab', as a minifier would; the reported name is 'Error'. Give the class @ErrorName('…')]",
  ),
  fails('a class without a name', () => new (class extends Error {})('m'), 'Error', 'm'),
  fails('@ErrorName', () => new Declined('m'), 'PaymentDeclined', 'm'),
  fails('@ErrorName of a base', () => new DeclinedAgain('m'), 'PaymentDeclined', 'm'),
  fails(
    '@ErrorName over a name that was set',
    () => Object.assign(new Declined('m'), { name: 'Other' }),
    'PaymentDeclined',
    'm',
  ),
  fails('an ActivityFailure', () => new ActivityFailure('OutOfStock', 'm'), 'OutOfStock', 'm'),
  fails('an ActivityFailure without a name', () => new ActivityFailure('', 'm'), 'ActivityFailure', 'm'),
  fails('a name of 256 characters', () => new ActivityFailure('n'.repeat(256), 'm'), 'n'.repeat(256), 'm'),
  row('a longer name is cut', () => new ActivityFailure('n'.repeat(300), 'm'), 'n'.repeat(256), {
    errorMessage: 'm',
    trace: 'trace',
  }),
  fails(
    'a longer name is not cut through a character',
    () => new ActivityFailure(`${'n'.repeat(255)}😀`, 'm'),
    'n'.repeat(255),
    'm',
  ),
  fails(
    'States. is not a name to give',
    () => new ActivityFailure('States.Timeout', 'm'),
    'ActivityFailure',
    reserved('States.Timeout', 'ActivityFailure'),
  ),
  fails(
    'Stepwright. is not a name to give',
    () => Object.assign(new PaymentError('m'), { name: 'Stepwright.InvalidInput' }),
    'PaymentError',
    reserved('Stepwright.InvalidInput', 'PaymentError'),
  ),
  fails(
    'a class with a name that is not to give',
    () => ofClass('States.Timeout'),
    'Error',
    reservedClass('States.Timeout'),
  ),
  fails(
    'a class with a name of ours',
    () => ofClass('Stepwright.WorkerShutdown'),
    'Error',
    reservedClass('Stepwright.WorkerShutdown'),
  ),
  fails(
    'a name and a class that are not to give',
    () => named(ofClass('States.ALL'), 'States.Timeout'),
    'Error',
    reserved('States.Timeout', 'Error'),
  ),
  fails(
    'a name that is not to give, of a minified class',
    () => named(minified(), 'States.Timeout'),
    'Error',
    reserved('States.Timeout', 'Error'),
  ),
  fails(
    'a name that is not to give, of a class with a long name',
    () => named(ofClass('L'.repeat(400)), 'States.Timeout'),
    'L'.repeat(256),
    reserved('States.Timeout', 'L'.repeat(256)),
  ),
  fails('a name that only begins alike', () => new ActivityFailure('Statesman', 'm'), 'Statesman', 'm'),
];

const chains: Row[] = [
  fails(
    'an ActivityFailure as the cause',
    () => caused('while charging', new ActivityFailure('OutOfStock', 'm')),
    'OutOfStock',
    'while charging',
  ),
  fails(
    '@ErrorName deep along the chain',
    () => caused('a', caused('b', new Declined('c'))),
    'PaymentDeclined',
    'a',
  ),
  fails(
    'the outermost given name wins',
    () => new ActivityFailure('Outer', 'm', undefined, { cause: new Declined('c') }),
    'Outer',
    'm',
  ),
  fails(
    'a given name wins over a set one further out',
    () => Object.assign(caused('m', new Declined('c')), { name: 'Set' }),
    'PaymentDeclined',
    'm',
  ),
  fails('a cause without a given name changes nothing', () => caused('m', new TypeError('c')), 'Error', 'm'),
  fails('a cause that is no error', () => caused('m', 'text'), 'Error', 'm'),
  fails('causes in a ring', ring, 'Error', 'a'),
  fails(
    'an AggregateError tells its errors',
    () => new AggregateError([new TypeError('a'), 'b', new Declined('c')], 'm'),
    'AggregateError',
    'm (3: TypeError: a; string: b; PaymentDeclined: c)',
  ),
  fails('an AggregateError without errors', () => new AggregateError([], 'm'), 'AggregateError', 'm'),
  fails(
    'an AggregateError without a message',
    () => new AggregateError([new Error('a')]),
    'AggregateError',
    'several errors (1: Error: a)',
  ),
  fails(
    'an error that is among its own errors',
    holdsItself,
    'OutOfStock',
    'm (1: OutOfStock: m (1: OutOfStock: m))',
  ),
  fails(
    'errors of errors are told, and no deeper',
    () => levels(3),
    'AggregateError',
    'level 3 (1: AggregateError: level 2 (1: AggregateError: level 1))',
  ),
  fails('an error of another realm', () => foreign("new TypeError('m')"), 'TypeError', 'm'),
  fails('a class of another realm', () => foreign("new (class Remote extends Error {})('m')"), 'Remote', 'm'),
  fails(
    'what only looks like an error',
    () => ({ name: 'Lookalike', message: 'm', stack: 'Lookalike: m\n    at somewhere (a.js:1:1)' }),
    'Lookalike',
    'm',
  ),
  row('an error without a stack', () => Object.assign(new Error('m'), { stack: undefined }), 'Error', {
    errorMessage: 'm',
  }),
  row('an error whose stack is no text', () => Object.assign(new Error('m'), { stack: { a: 1 } }), 'Error', {
    errorMessage: 'm',
  }),
  fails('an accessor that throws', () => new Late('m'), 'Late', 'm'),
  row('a message that throws', () => new Untold(), 'Untold', { errorMessage: '' }),
  fails('a message that is no text', () => Object.assign(new Error(), { message: 7 }), 'Error', ''),
  fails('an AbortError', () => new DOMException('m', 'AbortError'), 'AbortError', 'm'),
];

const data: Row[] = [
  fails('data', () => new ActivityFailure('OutOfStock', 'm', { sku: 7 }), 'OutOfStock', 'm', {
    data: { sku: 7 },
  }),
  fails('data that is null', () => new ActivityFailure('OutOfStock', 'm', null), 'OutOfStock', 'm', {
    data: null,
  }),
  fails(
    'data along the chain',
    () => caused('a', new ActivityFailure('OutOfStock', 'm', [1])),
    'OutOfStock',
    'a',
    { data: [1] },
  ),
  fails('data with a BigInt', () => new ActivityFailure('A1b', 'm', { n: 1n }), 'A1b', 'm', {
    data: { n: '1' },
  }),
  fails('data that is a function', () => new ActivityFailure('A1b', 'm', () => 1), 'A1b', 'm', {
    data: "(a function, which JSON can't hold)",
  }),
  fails('data in a ring', () => new ActivityFailure('A1b', 'm', bigData()), 'A1b', 'm', {
    data: "(JSON can't hold it: a circular structure)",
  }),
];

const values: Row[] = [
  odd('an object in a ring', bigData, 'object', 'the thrown value could not be read'),
  odd('an object with a BigInt', () => ({ a: 1n }), 'object', '{"a":"1"}'),
  odd('a string', () => 'out of stock', 'string', 'out of stock'),
  odd('an empty string', () => '', 'string', ''),
  odd('a number', () => 7, 'number', '7'),
  odd('NaN', () => NaN, 'number', 'NaN'),
  odd('a boolean', () => false, 'boolean', 'false'),
  odd('undefined', () => undefined, 'undefined', nothing('undefined')),
  odd('null', () => null, 'object', nothing('null')),
  odd('a BigInt', () => 1n, 'bigint', '1'),
  odd('a symbol', () => Symbol('a'), 'symbol', 'Symbol(a)'),
  odd('a function', () => function f() {}, 'function', '[Function: f]'),
  odd('an object', () => ({ code: 7 }), 'object', '{"code":7}'),
  odd('an object with a message only', () => ({ message: 'm' }), 'object', '{"message":"m"}'),
  odd('an array', () => [1, 2], 'object', '[1,2]'),
  odd(
    'an object without a prototype',
    () => Object.assign(Object.create(null) as object, { a: 1 }),
    'object',
    '{"a":1}',
  ),
  odd(
    'a revoked proxy',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    'object',
    'the thrown value could not be read',
  ),
  odd(
    'a proxy that throws',
    () =>
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
    'object',
    'the thrown value could not be read',
  ),
  odd('a promise', () => Promise.resolve(1), 'object', '[object Promise]'),
];

/** Thrown values, each with what is reported. */
export const thrownRows: Row[] = [...names, ...chains, ...data, ...values];
