import type { Paint, Tone } from './table.js';

const CODES: Readonly<Record<Tone, readonly [on: number, off: number]>> = {
  bad: [31, 39],
  odd: [33, 39],
  faint: [2, 22],
  head: [1, 22],
};

/** Writes a text in the colour of its tone. */
const inColour: Paint = (text, tone) => {
  if (tone === undefined || text === '') return text;
  const [on, off] = CODES[tone];
  return `\u001B[${on}m${text}\u001B[${off}m`;
};

const inOneColour: Paint = (text) => text;

/**
 * Returns how texts are written to a stream: with colours if it is a terminal that has them. The variables NO_COLOR and
 * FORCE_COLOR decide for a terminal, as for other programs.
 */
export function paintFor(out: NodeJS.WriteStream): Paint {
  return out.isTTY && out.hasColors() ? inColour : inOneColour;
}
