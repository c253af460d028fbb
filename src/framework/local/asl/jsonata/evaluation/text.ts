/**
 * The function `$string` as in Step Functions: like the library's own, except that the digits of a whole number aren't
 * rounded. Any other number has at most fifteen digits. Measured at the live service.
 */
export function textOf(value: unknown, prettify = false): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (isFunction(value)) return '';
  if (typeof value === 'number' && !Number.isFinite(value)) throw notFinite('D3001', value);
  return JSON.stringify(unwrapped(value), shown, prettify ? 2 : 0);
}

function shown(_key: string, value: unknown): unknown {
  if (typeof value !== 'number') return isFunction(value) ? '' : value;
  if (!Number.isFinite(value)) throw notFinite('D1001', value);
  return Number.isInteger(value) ? value : Number(value.toPrecision(15));
}

/** The library puts a list that is the input of a whole expression into another list. */
function unwrapped(value: unknown): unknown {
  return Array.isArray(value) && 'outerWrapper' in value ? (value as unknown[])[0] : value;
}

/** Returns true if a value is a function: the library's object for one that is built in or defined in an expression, too. */
export function isFunction(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    ('_jsonata_function' in value || '_jsonata_lambda' in value)
  );
}

/** Creates an error with a code of the JSONata library. The library adds the message that belongs to the code. */
function notFinite(code: string, value: number): Error {
  return Object.assign(new Error(code), { code, value });
}
