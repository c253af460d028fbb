import type { HandleOptions, InputOption } from '../../../../src/framework/declare/handler-options.js';
import * as dto from './dtos.js';
import { seen, type Row, type Expected } from './row.js';

type Violation = readonly [path: string, rule: string, message: string, value?: unknown];

const given = (value: unknown): Expected => ({ output: JSON.stringify(value) });

function row(
  name: string,
  input: InputOption,
  json: string,
  expected: Expected,
  more: HandleOptions = {},
): Row {
  return { name, options: { input, ...more }, json, run: seen, interceptors: [], expected };
}

function refused(expected: string, ...violations: Violation[]): Expected {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  return invalid(
    `the input is not ${expected}: ${first?.[2]}${more}`,
    violations.map(([path, rule, message, ...value]) => ({
      path,
      rule,
      message,
      ...(value.length > 0 && { value: value[0] }),
    })),
  );
}

function invalid(errorMessage: string, violations?: readonly object[]): Expected {
  const error = 'Stepwright.InvalidInput';
  return { error, cause: { errorType: error, errorMessage, ...(violations && { violations }) } };
}

const notAnArray = (path: string): [string, string, string] => [
  path,
  'isObject',
  `${path} must be an object, not an array; @IsArray({ each: true }) declares an array of arrays`,
];
const anObject = (path = ''): Violation => [path, 'isObject', `${path || 'the value'} must be an object`];
const anArray = (path = ''): Violation => [path, 'isArray', `${path || 'the value'} must be an array`];
const HELLO = 'a valid Hello';
const MANY = Array.from({ length: 150 }, (_, index) => `k${index}`);
const WHO_STRING: Violation = ['who', 'isString', 'who must be a string'];
const WHO_EMPTY: Violation = ['who', 'isNotEmpty', 'who should not be empty'];
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const PROTO = '[{"a":{"__proto__":{"x":1},"constructor":2}}]';
const goodItem = '{"name":"tea","price":2}';
const Tea = { Item: { name: 'tea', price: 2 } };

const texts: Row[] = [
  row('an empty text', dto.Hello, '', invalid('the input is not JSON: it ends too early')),
  row(
    'a cut text',
    dto.Hello,
    '{"who":"a"',
    invalid('the input is not JSON: unexpected character at position 10'),
  ),
  row(
    'a text above the limit',
    'any',
    `"${'x'.repeat(262_143)}"`,
    invalid('the input has 262145 bytes; at most 262144 are allowed'),
  ),
  row(
    'a text above the limit in bytes only',
    'any',
    `"${'é'.repeat(131_072)}"`,
    invalid('the input has 262146 bytes; at most 262144 are allowed'),
  ),
  row('nesting at the limit', 'any', deep(256), { output: deep(256) }),
  row('nesting beyond the limit', 'any', deep(257), invalid('the input is nested deeper than 256 levels')),
  row(
    'nesting that would overflow the stack',
    dto.Loose,
    `{"meta":${deep(9000)}}`,
    invalid('the input is nested deeper than 256 levels'),
  ),
  row(
    'brackets in a string are no nesting',
    'any',
    JSON.stringify('[{'.repeat(300)),
    given('[{'.repeat(300)),
  ),
  row(
    'an escaped quote does not end a string',
    'any',
    JSON.stringify(`"${'['.repeat(300)}`),
    given(`"${'['.repeat(300)}`),
  ),
  row('white space around', dto.Hello, ' \n{"who":"a"}\t', given({ Hello: { who: 'a' } })),
  row('a key twice: the last counts', dto.Hello, '{"who":1,"who":"a"}', given({ Hello: { who: 'a' } })),
];

const tops: Row[] = [
  row('an object', dto.Hello, '{"who":"hoge"}', given({ Hello: { who: 'hoge' } })),
  row('an empty object', dto.Hello, '{}', refused(HELLO, WHO_EMPTY, WHO_STRING)),
  row('a number for a string', dto.Hello, '{"who":7}', refused(HELLO, WHO_STRING)),
  row('an array for an object', dto.Hello, '[]', refused(HELLO, anObject())),
  row('null for an object', dto.Hello, 'null', refused(HELLO, anObject())),
  row('any JSON, unchecked: an object', 'any', '{"a":[1,null,"x"]}', given({ a: [1, null, 'x'] })),
  row('any JSON, unchecked: null', 'any', 'null', given(null)),
  row('String', String, '"x"', given('x')),
  row(
    'String, given a number',
    String,
    '7',
    refused('a string', ['', 'isString', 'the value must be a string']),
  ),
  row('Number', Number, '-0.5', given(-0.5)),
  row(
    'Number, given text',
    Number,
    '"7"',
    refused('a number', ['', 'isNumber', 'the value must be a number']),
  ),
  row('Boolean', Boolean, 'false', given(false)),
  row(
    'Boolean, given 0',
    Boolean,
    '0',
    refused('a boolean', ['', 'isBoolean', 'the value must be a boolean']),
  ),
  row(
    '[Dto]',
    [dto.Hello],
    '[{"who":"a"},{"who":"b"}]',
    given([{ Hello: { who: 'a' } }, { Hello: { who: 'b' } }]),
  ),
  row('[Dto], given an object', [dto.Hello], '{"0":{"who":"a"}}', refused('an array of Hello', anArray())),
  row(
    '[Dto], with wrong elements',
    [dto.Hello],
    '[{"who":"a"},7,{"who":1},[]]',
    refused(
      'an array of Hello',
      ['[1]', 'isObject', '[1] must be an object'],
      ['[2].who', 'isString', '[2].who must be a string'],
      ['[3]', 'isObject', '[3] must be an object'],
    ),
  ),
];

const keys: Row[] = [
  row('an unknown key is dropped', dto.Hello, '{"who":"a","y":2}', given({ Hello: { who: 'a' } })),
  row(
    'an unknown key is refused where asked',
    dto.Hello,
    '{"who":"a","y":2}',
    refused(HELLO, ['y', 'unknownKey', 'y is not a known key']),
    { unknownKeys: 'refuse' },
  ),
  row(
    'unknown keys beside broken rules',
    dto.Hello,
    '{"who":"","odd key":2}',
    refused(HELLO, ['["odd key"]', 'unknownKey', '["odd key"] is not a known key'], WHO_EMPTY),
    { unknownKeys: 'refuse' },
  ),
  row(
    'a hundred and fifty unknown keys',
    dto.Hello,
    JSON.stringify({ who: 'a', ...Object.fromEntries(MANY.map((key) => [key, 1])) }),
    refused(
      HELLO,
      ...MANY.map((key): [string, string, string] => [key, 'unknownKey', `${key} is not a known key`]),
    ),
    { unknownKeys: 'refuse' },
  ),
  row(
    'an unknown key deep inside',
    dto.Cart,
    '{"items":[{"name":"tea","price":2,"vat":1}]}',
    refused('a valid Cart', ['items[0].vat', 'unknownKey', 'items[0].vat is not a known key']),
    { unknownKeys: 'refuse' },
  ),
  row('__proto__ is dropped', dto.Hello, '{"who":"a","__proto__":{"x":1}}', given({ Hello: { who: 'a' } })),
  row(
    '__proto__ is no known key to refuse',
    dto.Hello,
    '{"who":"a","__proto__":{"x":1}}',
    given({ Hello: { who: 'a' } }),
    {
      unknownKeys: 'refuse',
    },
  ),
  row(
    '__proto__ spelled with escapes',
    dto.Hello,
    '{"who":"a","\\u005f_proto__":{"x":1}}',
    given({ Hello: { who: 'a' } }),
  ),
  row('every key of JSON, where anything may stand', 'any', PROTO, given(JSON.parse(PROTO))),
  row(
    'keys that every object inherits, where anything may stand',
    dto.Loose,
    '{"meta":{"constructor":"Ferrari","toString":1,"hasOwnProperty":null,"then":2,"__proto__":{"x":1}}}',
    given({ Loose: { meta: { constructor: 'Ferrari', toString: 1, hasOwnProperty: null, then: 2 } } }),
  ),
  row('another key by @Expose', dto.Renamed, '{"user_id":"7"}', given({ Renamed: { userId: '7' } })),
  row(
    "@Expose: the field's own name is unknown",
    dto.Renamed,
    '{"userId":"7"}',
    refused('a valid Renamed', ['user_id', 'isString', 'userId must be a string']),
  ),
  row(
    '@Expose: both names',
    dto.Renamed,
    '{"user_id":"7","userId":"8"}',
    given({ Renamed: { userId: '7' } }),
  ),
  row(
    '@Exclude keeps a value out',
    dto.Hidden,
    '{"name":"a","secret":"s"}',
    given({ Hidden: { name: 'a' } }),
  ),
  row(
    "a class's default stays where the key is absent",
    dto.Defaults,
    '{}',
    given({ Defaults: { retries: 3, untouched: 'kept' } }),
  ),
  row(
    "a class's default gives way",
    dto.Defaults,
    '{"retries":5,"untouched":"changed"}',
    given({ Defaults: { retries: 5, untouched: 'kept' } }),
  ),
  row(
    "a class's default does not stand for null",
    dto.Defaults,
    '{"retries":null}',
    refused('a valid Defaults', ['retries', 'isInt', 'retries must be an integer number']),
  ),
];

const fields: Row[] = [
  row(
    'all rules of several fields',
    dto.Flat,
    '{"count":1,"price":0.5,"paid":true,"mail":"a@b.co"}',
    given({ Flat: { count: 1, price: 0.5, paid: true, mail: 'a@b.co' } }),
  ),
  row(
    'an optional field may be null',
    dto.Flat,
    '{"count":1,"price":1,"paid":false,"mail":null}',
    given({ Flat: { count: 1, price: 1, paid: false, mail: null } }),
  ),
  row(
    'every violation at once, in the order of the paths',
    dto.Flat,
    '{"count":11,"price":"1","paid":0,"mail":"x"}',
    refused(
      'a valid Flat',
      ['count', 'max', 'count must not be greater than 10'],
      ['mail', 'isEmail', 'mail must be an email'],
      ['paid', 'isBoolean', 'paid must be a boolean'],
      ['price', 'isNumber', 'price must be a number'],
    ),
  ),
  row(
    'a condition that holds',
    dto.Conditional,
    '{"kind":"card"}',
    refused('a valid Conditional', ['number', 'isString', 'number must be a string']),
  ),
  row(
    'a condition that does not',
    dto.Conditional,
    '{"kind":"cash","number":""}',
    given({ Conditional: { kind: 'cash', number: '' } }),
  ),
  row(
    'a condition that does not: the declared type is held all the same',
    dto.Conditional,
    '{"kind":"cash","number":7}',
    refused('a valid Conditional', ['number', 'isString', 'number must be a string']),
  ),
  row(
    'an inherited rule',
    dto.Derived,
    '{"size":1}',
    refused('a valid Derived', ['id', 'isString', 'id must be a string']),
  ),
  row('a @Transform', dto.Transformed, '{"name":"  tea "}', given({ Transformed: { name: 'tea' } })),
  row(
    'a @Transform of the wrong kind',
    dto.Transformed,
    '{"name":7}',
    refused('a valid Transformed', ['name', 'isString', 'name must be a string']),
  ),
  row(
    'a @Transform to a BigInt',
    dto.Huge,
    '{"amount":"9007199254740993"}',
    given({ Huge: { amount: { bigint: '9007199254740993' } } }),
  ),
  row(
    'a @Transform that throws',
    dto.Huge,
    '{"amount":"secret"}',
    refused('a valid Huge', [
      'amount',
      'transform',
      "amount can't be read: a @Transform, @Type or setter threw SyntaxError",
    ]),
  ),
  row(
    'a @Transform that throws an error of its own class',
    dto.Amount,
    '{"amount":1}',
    refused('a valid Amount', [
      'amount',
      'transform',
      "amount can't be read: a @Transform, @Type or setter threw NoAmount",
    ]),
  ),
  row(
    'a setter that throws',
    dto.Setter,
    '{"plain":"a","doubled":1001}',
    refused('a valid Setter', [
      'doubled',
      'transform',
      "doubled can't be read: a @Transform, @Type or setter threw TypeError",
    ]),
  ),
  row('an asynchronous rule that passes', dto.Unique, '{"name":"free"}', given({ Unique: { name: 'free' } })),
  row(
    'an asynchronous rule that fails',
    dto.Unique,
    '{"name":"taken"}',
    refused('a valid Unique', ['name', 'later', 'name is taken']),
  ),
  row(
    'asynchronous and other rules, in a stable order',
    dto.Unique,
    '{"name":7}',
    refused('a valid Unique', ['name', 'isString', 'name must be a string']),
  ),
  row("a rule that rejects is not the input's fault", dto.Unreachable, '{"name":"a"}', {
    error: 'RangeError',
    cause: { errorType: 'RangeError', errorMessage: 'no database', trace: 'trace' },
  }),
  row(
    'a message that would tell the value',
    dto.Telling,
    '{"code":"secret"}',
    refused('a valid Telling', ['code', 'matches', 'code must be digits, not (value)']),
  ),
  row(
    'values where asked for',
    dto.Telling,
    '{"code":"x1"}',
    refused('a valid Telling', ['code', 'matches', 'code must be digits, not x1', 'x1']),
    { showValues: true },
  ),
  row(
    'values where asked for, an object',
    dto.Hello,
    '{"who":{"a":1}}',
    refused(HELLO, ['who', 'isString', 'who must be a string', { a: 1 }]),
    { showValues: true },
  ),
  row(
    'groups: only their rules',
    dto.Grouped,
    '{"name":"a","id":"x","paid":true}',
    given({ Grouped: { name: 'a', paid: true } }),
    { groups: ['create'] },
  ),
  row(
    'groups: the other one',
    dto.Grouped,
    '{"name":"a","id":"x","paid":1}',
    refused(
      'a valid Grouped',
      ['id', 'isNumber', 'id must be a number'],
      ['paid', 'isBoolean', 'paid must be a boolean'],
    ),
    { groups: ['update'] },
  ),
];

const nested: Row[] = [
  row(
    'a nested object that is absent',
    dto.Person,
    '{}',
    refused('a valid Person', ['address', 'isDefined', 'address must be there']),
  ),
  row(
    'a nested object that is null',
    dto.Person,
    '{"address":null}',
    refused('a valid Person', anObject('address')),
  ),
  row(
    'a class within itself',
    dto.Person,
    '{"address":{"city":"a"},"boss":{"address":{"city":7}}}',
    refused('a valid Person', ['boss.address.city', 'isString', 'boss.address.city must be a string']),
  ),
  row('an object for an array', dto.Cart, `{"items":${goodItem}}`, refused('a valid Cart', anArray('items'))),
  row(
    'wrong elements, each by its path',
    dto.Cart,
    `{"items":[${goodItem},null,7,[],{"name":"x","price":-1},{"price":"2"}]}`,
    refused(
      'a valid Cart',
      anObject('items[1]'),
      anObject('items[2]'),
      notAnArray('items[3]'),
      ['items[4].name', 'minLength', 'name must be longer than or equal to 2 characters'],
      ['items[4].price', 'min', 'price must not be less than 0'],
      ['items[5].name', 'isString', 'name must be a string'],
      ['items[5].name', 'minLength', 'name must be longer than or equal to 2 characters'],
      ['items[5].price', 'isNumber', 'items[5].price must be a number'],
    ),
  ),
  row(
    'ten elements: in the order of numbers',
    dto.Cart,
    `{"items":[${Array.from({ length: 11 }, (_, index) => (index === 2 || index === 10 ? '{"name":"tea","price":"x"}' : goodItem)).join()}]}`,
    refused(
      'a valid Cart',
      ['items[2].price', 'isNumber', 'items[2].price must be a number'],
      ['items[10].price', 'isNumber', 'items[10].price must be a number'],
    ),
  ),
  row(
    'too many elements',
    dto.Cart,
    `{"items":[${Array.from({ length: 21 }, () => goodItem).join()}]}`,
    refused('a valid Cart', ['items', 'arrayMaxSize', 'items must contain no more than 20 elements']),
  ),
  row(
    'an array without each',
    dto.PlainCart,
    `{"items":[${goodItem}]}`,
    given({ PlainCart: { items: [Tea] } }),
  ),
  row(
    'an array without each, wrong inside',
    dto.PlainCart,
    '{"items":[{"name":"tea","price":true}]}',
    refused('a valid PlainCart', ['items[0].price', 'isNumber', 'items[0].price must be a number']),
  ),
  row(
    'a subtype by its discriminator',
    dto.Drawing,
    '{"main":{"kind":"circle","radius":1,"side":2}}',
    given({ Drawing: { main: { Circle: { radius: 1 } } } }),
  ),
  row(
    'a subtype whose rule is broken',
    dto.Drawing,
    '{"main":{"kind":"circle","side":1}}',
    refused('a valid Drawing', [
      'main.radius',
      'isNumber',
      'radius must be a number conforming to the specified constraints',
    ]),
  ),
  row(
    'no such subtype',
    dto.Drawing,
    '{"main":{"kind":"star"}}',
    refused('a valid Drawing', ['main.kind', 'discriminator', 'main.kind must be one of: circle, square']),
  ),
  row(
    'an inherited discriminator',
    dto.Drawing,
    '{"main":{"kind":"constructor"}}',
    refused('a valid Drawing', ['main.kind', 'discriminator', 'main.kind must be one of: circle, square']),
  ),
  row(
    'an array of subtypes that keep their discriminator',
    dto.Drawing,
    '{"main":{"kind":"circle","radius":1},"others":[{"kind":"square","side":1},{"kind":"circle","radius":2}]}',
    given({
      Drawing: {
        main: { Circle: { radius: 1 } },
        others: [{ Square: { side: 1, kind: 'square' } }, { Circle: { radius: 2, kind: 'circle' } }],
      },
    }),
  ),
  row(
    'an array of subtypes with null in it',
    dto.Drawing,
    '{"main":{"kind":"circle","radius":1},"others":[null]}',
    refused('a valid Drawing', anObject('others[0]')),
  ),
  row(
    'a Map',
    dto.Mapped,
    `{"items":{"a":${goodItem},"b c":${goodItem}}}`,
    given({
      Mapped: {
        items: {
          Map: [
            ['a', Tea],
            ['b c', Tea],
          ],
        },
      },
    }),
  ),
  row(
    'a Map, wrong inside',
    dto.Mapped,
    '{"items":{"b c":{"name":"tea","price":"x"},"n":7}}',
    refused(
      'a valid Mapped',
      ['items.n', 'isObject', 'items.n must be an object'],
      ['items["b c"].price', 'isNumber', 'items["b c"].price must be a number'],
    ),
  ),
  row(
    'a Set',
    dto.Setted,
    `{"items":[${goodItem},${goodItem}]}`,
    given({ Setted: { items: { Set: [Tea, Tea] } } }),
  ),
  row(
    'a Set, wrong inside',
    dto.Setted,
    '{"items":[{"name":"tea"}]}',
    refused(
      'a valid Setted',
      ['items[0].price', 'isNumber', 'price must be a number conforming to the specified constraints'],
      ['items[0].price', 'min', 'price must not be less than 0'],
    ),
  ),
  row(
    'a rule for each element, broken',
    dto.Tags,
    '{"tags":["a",7]}',
    refused('a valid Tags', ['tags[1]', 'isString', 'each value in tags must be a string']),
  ),
];

const closed: Row[] = [
  row(
    '@Exclude on what no class describes',
    dto.Sealed,
    '{"meta":{"a":1},"notes":{"a":1}}',
    given({ Sealed: {} }),
  ),
  row(
    '@Expose for a group that applies',
    dto.Sealed,
    '{"meta":{"a":1},"notes":{"a":1}}',
    given({ Sealed: { notes: { a: 1 } } }),
    { groups: ['admin'] },
  ),
  row(
    '@Exclude on the class',
    dto.Closed,
    '{"meta":{"a":1},"open":{"a":1}}',
    given({ Closed: { open: { a: 1 } } }),
  ),
  row(
    'a value that JSON cannot hold, where values are asked for',
    dto.Wide,
    '{"amount":"12"}',
    refused('a valid Wide', ['amount', 'isString', 'amount must be a string', '12']),
    { showValues: true },
  ),
  row(
    'a setter that throws on what no class describes',
    dto.RawSetter,
    '{"meta":{"a":1}}',
    refused('a valid RawSetter', [
      'meta',
      'transform',
      "meta can't be read: a @Transform, @Type or setter threw RangeError",
    ]),
  ),
];

/** Inputs, each with what the handler receives or what is reported. */
export const inputRows: Row[] = [...texts, ...tops, ...keys, ...fields, ...nested, ...closed];
