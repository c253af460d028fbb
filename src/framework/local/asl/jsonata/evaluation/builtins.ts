import { weigh } from '../../values/json.js';
import { LimitReached, MOST_BYTES } from './limits.js';
import { textOf } from './text.js';

/** A built-in function of the JSONata library. */
export interface Builtin {
  readonly implementation: (...args: unknown[]) => unknown;
  readonly signature?: unknown;
}

type Implementation = (builtin: Builtin['implementation'], args: unknown[]) => unknown;

/** The built-in functions that behave otherwise at the live service than in the library. */
const OTHERS: Readonly<Record<string, Implementation>> = {
  // The library's own throw a RangeError for a long list, because each item of it is passed as a separate argument.
  max: (_max, [list]) => furthest(list, (a, b) => a > b),
  min: (_min, [list]) => furthest(list, (a, b) => a < b),
  string: (_string, [value, prettify]) => {
    if (!weigh(value, MOST_BYTES)) throw new LimitReached('size');
    return textOf(value, prettify === true);
  },
  pad: (pad, args) => {
    if (Math.abs(Number(args[1])) > MOST_BYTES) throw new LimitReached('size');
    return pad(...args);
  },
  base64decode: (decode, args) => {
    const [text] = args;
    // The library would decode as much of it as possible.
    if (typeof text === 'string' && !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error('not Base64');
    return decode(...args);
  },
  formatNumber: (format, args) => formatted(() => format(...args)),
};

const replaced = new WeakMap<Builtin, Builtin>();

/** Returns the function that is called instead of a built-in one, which is mostly itself. */
export function replacementOf(name: string, builtin: Builtin): Builtin {
  const other = Object.hasOwn(OTHERS, name) ? OTHERS[name] : undefined;
  if (!other) return builtin;
  const known = replaced.get(builtin);
  if (known) return known;
  const { implementation } = builtin;
  const instead = function (this: unknown, ...args: unknown[]): unknown {
    return other(implementation.bind(this), args);
  };
  // The library reads the number of a function's parameters, and their names from its source text.
  Object.defineProperty(instead, 'length', { value: implementation.length });
  Object.defineProperty(instead, 'toString', { value: () => implementation.toString() });
  const made = { ...builtin, implementation: instead };
  replaced.set(builtin, made);
  replaced.set(made, made);
  return made;
}

function furthest(list: unknown, isBetter: (a: number, b: number) => boolean): number | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  let [best] = list as number[];
  for (const each of list as number[]) if (best === undefined || isBetter(each, best)) best = each;
  return best;
}

/**
 * Calls `format`. If the picture (the number format) contains no digit, the library throws a TypeError, which is
 * replaced here by the error that the live service shows.
 */
function formatted(format: () => unknown): unknown {
  try {
    return format();
  } catch (error) {
    if (error instanceof TypeError) throw Object.assign(error, { code: 'D3086' });
    throw error;
  }
}
