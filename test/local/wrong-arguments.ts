/** The functions of JSONata and those that Step Functions adds. */
const FUNCTIONS =
  `abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl
decodeUrlComponent distinct each encodeUrl encodeUrlComponent error eval exists filter floor formatBase formatInteger
formatNumber fromMillis hash join keys length lookup lowercase map match max merge millis min not now number pad parse
parseInteger partition power random range reduce replace reverse round shuffle sift single sort split spread sqrt string
substring substringAfter substringBefore sum toMillis trim type uppercase uuid zip`.split(/\s+/);

/** A value of each kind that a function may not expect. */
const VALUES = [
  'null',
  'true',
  '-1',
  '0.5',
  '1e300',
  '1/0',
  '""',
  '"a"',
  '"%"',
  '"\\ud800"',
  '[]',
  '[1, "a", null]',
  '{}',
  '{"a": [{}]}',
  '/a/',
  '$sum',
  'function(){1}',
  'function($a, $b){$a & $b}',
  '$nope',
];

/** Argument lists with one or more values of a kind. */
const LISTS: readonly ((value: string) => string)[] = [
  (value) => value,
  (value) => `${value}, ${value}`,
  (value) => `${value}, ${value}, ${value}`,
  (value) => `"a", ${value}`,
  (value) => `"a", "a", ${value}`,
  (value) => `12, ${value}`,
  (value) => `12, "0", ${value}`,
  (value) => `[3, 1, 2], ${value}`,
  (value) => `{"a": 1}, ${value}`,
  (value) => `${value}, "0"`,
  (value) => `${value}, 1`,
];

/** Calls of each function with wrong arguments: each kind of value in each place. */
export const wrongCalls: readonly string[] = FUNCTIONS.flatMap((name) =>
  VALUES.flatMap((value) => LISTS.map((list) => `$${name}(${list(value)})`)),
);

const OPERATORS = ['+', '-', '*', '%', '&', '<', '>=', '=', 'in', 'and', '~>', '..'];
/** The values that may follow an operator. A regular expression may not. */
const OPERANDS = VALUES.filter((value) => value !== '/a/');

/** Operators with wrong operands. */
export const wrongOperands: readonly string[] = [
  ...OPERATORS.flatMap((operator) =>
    OPERANDS.flatMap((value) => [`[1 ${operator} ${value}]`, `[${value} ${operator} ${value}]`]),
  ),
  ...OPERANDS.flatMap((value) => [
    `-(${value})`,
    `(${value})()`,
    `[1, 2]^(${value})`,
    `[1, 2][${value}]`,
    `{${value}: 1}`,
    `{"a": 1} ~> |$|${value}|`,
    `{"a": 1} ~> |(${value})|{"b": 1}|`,
    `{"a": 1} ~> |$|{"b": 1}, ${value}|`,
  ]),
];
