/** A RegExp that asks before it begins, since nothing can stop it afterwards. Of its pattern it asks once. */
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

/** How many steps a match may be guessed at: some 50 ms. */
const MATCH_STEPS = 10_000_000;
/** As many characters as a pattern may try every way with. */
const EVERY_WAY_CHARS = 20;

/**
 * Guesses with texts of which length a regular expression is done quickly. A repetition of what is itself repeated, or
 * may be this or that, can try each way to share out the text; each other repetition can begin anywhere.
 */
export function quickMatches(pattern: string): (chars: number) => boolean {
  // Escapes and character classes are one character each, but for references back, which are tried every way.
  const bare = pattern.replaceAll(/\\[^1-9k]|\[(?:\\[^]|[^\]\\])*\]/g, 'x');
  if (bare.includes('\\') || repeatsChoices(bare)) return (chars) => chars <= EVERY_WAY_CHARS;
  const repetitions = bare.match(REPETITION)?.length ?? 0;
  return (chars) => chars ** (repetitions + 1) <= MATCH_STEPS;
}

const REPETITION = /[*+]|\{\d+,\d*\}/g;

/** Whether a group that holds a repetition or an alternative is repeated. */
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
