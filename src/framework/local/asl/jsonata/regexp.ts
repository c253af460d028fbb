/**
 * Returns a RegExp class that asks before each match whether a text of that length may be matched, since nothing can
 * stop a match. `mayMatch` is called once for each pattern.
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

/** The most estimated steps of a match, which take some 50 ms. */
const MATCH_STEPS = 10_000_000;
/** The most characters of a text for a pattern that may try every way to divide the text among its repetitions. */
const EVERY_WAY_CHARS = 20;

/**
 * Returns a test of the length of a text: true where the regular expression is quick on the text. A repetition of a
 * repetition, or of alternatives, may try every way to divide the text; any other repetition may begin at each
 * character.
 */
export function quickMatches(pattern: string): (chars: number) => boolean {
  // Escapes and character classes match one character each; back references may try every way.
  const bare = pattern.replaceAll(/\\[^1-9k]|\[(?:\\[^]|[^\]\\])*\]/g, 'x');
  if (bare.includes('\\') || repeatsChoices(bare)) return (chars) => chars <= EVERY_WAY_CHARS;
  const repetitions = bare.match(REPETITION)?.length ?? 0;
  return (chars) => chars ** (repetitions + 1) <= MATCH_STEPS;
}

const REPETITION = /[*+]|\{\d+,\d*\}/g;

/** Returns true where a repeated group holds a repetition or alternatives. */
function repeatsChoices(bare: string): boolean {
  const open: boolean[] = [];
  for (let at = 0; at < bare.length; at++) {
    const char = bare.charAt(at);
    if (char === '(') open.push(false);
    else if ('|*+{'.includes(char)) open.splice(-1, 1, true);
    else if (char === ')') {
      const varies = open.pop() ?? false;
      if (varies && '*+{'.includes(bare.charAt(at + 1) || ' ')) return true;
      if (varies && open.length > 0) open[open.length - 1] = true;
    }
  }
  return false;
}
