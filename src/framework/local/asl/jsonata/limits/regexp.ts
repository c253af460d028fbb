/**
 * Returns a subclass of RegExp that throws instead of starting a match that could take too long, since a running match
 * can't be interrupted. `mayMatch` is called once for each pattern; the function that it returns is called before each
 * match, with the number of characters to match.
 */
export function guardedRegExp(
  mayMatch: (pattern: string) => (chars: number) => boolean,
  refusal: () => Error,
): typeof RegExp {
  return class extends RegExp {
    constructor(pattern: string | RegExp, flags?: string) {
      super(pattern, flags);
      const mayMatchWith = mayMatch(this.source);
      this.exec = (text) => {
        if (!mayMatchWith(text.length)) throw refusal();
        return super.exec(text);
      };
    }
  } as typeof RegExp;
}

/** The most steps that matching a regular expression may take on the main thread, which is about 10 ms. */
const MATCH_STEPS = 2_000_000;
/** A longer pattern is assumed to be slow, without looking at it. */
const LONGEST_PATTERN = 1_000;

/**
 * Returns a function that returns true if matching a string with this many characters is certain to be quick. That is
 * certain only for simple patterns: characters, classes, anchors, alternatives and groups, in which nothing but a
 * single character or class is repeated. For any other pattern the function always returns false.
 */
export function quickMatches(pattern: string): (chars: number) => boolean {
  const cost = pattern.length <= LONGEST_PATTERN ? costOf(pattern) : undefined;
  if (!cost) return () => false;
  // A match may be tried at each character, and from there in each way through the pattern.
  return (chars) => cost.ways * (chars + 1) ** (cost.endless + 1) * pattern.length <= MATCH_STEPS;
}

/**
 * The number of ways in which a pattern can be matched at one position. It is `ways`, multiplied by the length of the
 * string once for each of the `endless` repetitions (those without an upper bound, such as `a*`).
 */
interface Cost {
  ways: number;
  endless: number;
}

const GROUP_OPENING = /\((?:\?:)?/y;
const ATOM = /\\[dDwWsSbBtnrfv]|\\[^A-Za-z0-9]|\[(?:\\[^]|[^\]\\])*\]|[^\\[\](){}*+?|]/y;
const QUANTIFIER = /(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??/y;

/** Counts the ways in which a pattern can be matched. Returns undefined if the pattern isn't of the simple kind. */
function costOf(pattern: string): Cost | undefined {
  const cost = { ways: 1, endless: 0 };
  let open = 0;
  let at = 0;
  const take = (token: RegExp): RegExpExecArray | null => {
    token.lastIndex = at;
    const found = token.exec(pattern);
    if (found) at = token.lastIndex;
    return found;
  };
  while (at < pattern.length) {
    if (pattern.charAt(at) === '|') {
      at++;
      cost.ways *= 2;
    } else if (take(GROUP_OPENING)) open++;
    else if (pattern.charAt(at) === ')') {
      at++;
      if (--open < 0 || take(QUANTIFIER)) return undefined;
    } else if (take(ATOM)) repeat(cost, take(QUANTIFIER));
    else return undefined;
  }
  return open === 0 ? cost : undefined;
}

function repeat(cost: Cost, quantifier: RegExpExecArray | null): void {
  if (!quantifier) return;
  const [text, least, comma, most] = quantifier;
  if (least === undefined) {
    if (text.startsWith('?')) cost.ways *= 2;
    else cost.endless++;
  } else if (comma === undefined) cost.ways *= Math.max(Number(least), 1);
  else if (most) cost.ways *= Number(most) + 1;
  else {
    cost.ways *= Math.max(Number(least), 1);
    cost.endless++;
  }
}
