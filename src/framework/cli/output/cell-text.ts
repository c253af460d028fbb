/**
 * Characters that take no column: combining marks, and the parts that join emoji. Characters that a terminal would
 * obey, such as escapes, are no part of a text, since {@link plainText} replaces them.
 */
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** Characters that take two columns: those of East Asian scripts, and emoji. */
const TWO_WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]/u;
/** Control and format characters: a terminal would obey them, or turn the direction of what follows. */
const UNSAFE = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

/** Returns a text that others wrote with the characters replaced that would do something in a terminal. */
export const plainText = (text: string): string => text.replaceAll(UNSAFE, '�');

const widthOfOne = (char: string): number => (NO_WIDTH.test(char) ? 0 : TWO_WIDE.test(char) ? 2 : 1);

/** Returns the number of columns that a text takes in a terminal. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += widthOfOne(char);
  return width;
}

/** Cuts a text that takes more than `width` columns. Then its last character is `…`. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [kept, left] = ['', width - 1];
  for (const char of text) {
    left -= widthOfOne(char);
    if (left < 0) break;
    kept += char;
  }
  return width < 1 ? '' : `${kept}…`;
}

/** Adds spaces to a text until it takes `width` columns. */
export const padTo = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - widthOf(text)));

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
] as const;

/** Returns a duration in its largest unit: `45s`, `12m`, `3h` or `5d`. A negative one is `0s`. */
export function shortAge(ms: number): string {
  const [unit, name] = UNITS.find(([each]) => ms >= each) ?? [1_000, 's'];
  return `${Math.max(0, Math.floor(ms / unit))}${name}`;
}

/** Returns a duration as `45s`, `12m`, `3h12m` or `5d3h`. */
export function longAge(ms: number): string {
  const index = UNITS.findIndex(([unit]) => ms >= unit);
  const [[unit], [below, name]] = [UNITS[index] ?? UNITS[3], UNITS[index + 1] ?? UNITS[3]];
  const rest = Math.floor((ms % unit) / below);
  return unit < 3_600_000 || rest === 0 ? shortAge(ms) : `${shortAge(ms)}${rest}${name}`;
}
