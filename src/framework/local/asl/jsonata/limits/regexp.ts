import { turn } from '../../../../base/time/turn.js';

/**
 * Returns the milliseconds that matching a pattern against a string with this many characters takes at most; infinity
 * if it may not be matched.
 */
export type MatchMs = (pattern: string) => (chars: number) => number;

/** A match that takes less at most isn't measured. */
const LITTLE_MS = 0.05;

/**
 * Returns a subclass of RegExp that throws instead of starting a match that could take too long, since a running match
 * can't be interrupted. `matchMs` is called once for each pattern; the function that it returns is called before each
 * match.
 * @param spend called with the milliseconds that a match has taken: the real time, or the most that it can take if that
 * is less, as on a busy machine
 */
export function guardedRegExp(
  matchMs: MatchMs,
  refusal: () => Error,
  spend: (ms: number) => void,
): typeof RegExp {
  return class extends RegExp {
    constructor(pattern: string | RegExp, flags?: string) {
      super(pattern, flags);
      const mostMsWith = matchMs(this.source);
      this.exec = (text) => {
        const mostMs = mostMsWith(text.length);
        if (mostMs <= LITTLE_MS) return super.exec(text);
        if (!Number.isFinite(mostMs)) throw refusal();
        const began = turn.busyMs();
        const found = super.exec(text);
        spend(Math.min(turn.busyMs() - began, mostMs));
        return found;
      };
    }
  } as typeof RegExp;
}

/** The most steps that matching a regular expression may take on the main thread, which is about 10 ms. */
const MATCH_STEPS = 2_000_000;
const STEP_MS = 10 / MATCH_STEPS;
/** A longer pattern is assumed to be slow, without looking at it. */
const LONGEST_PATTERN = 1_000;

/**
 * The time of a match on the main thread, where each match must be certain to be quick. That is certain only for simple
 * patterns: characters, classes, anchors, alternatives and groups, in which nothing but a single character or class is
 * repeated.
 */
export const quickMatches: MatchMs = (pattern) => {
  const cost = pattern.length <= LONGEST_PATTERN ? costOf(pattern) : undefined;
  if (!cost) return () => Number.POSITIVE_INFINITY;
  return (chars) => {
    // A match may be tried at each character, and from there in each way through the pattern.
    const steps = cost.ways * (chars + 1) ** (cost.endless + 1) * pattern.length;
    return steps <= MATCH_STEPS ? steps * STEP_MS : Number.POSITIVE_INFINITY;
  };
};

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
