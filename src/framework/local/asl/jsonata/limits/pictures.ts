/**
 * The pictures by which numbers and times are written and read quickly. The library turns a picture into a regular
 * expression or a loop, and some of those never end: only a picture of a known, plain form is used on the main thread.
 */
const LONGEST = 64;

/** A date as components of digits or names, each with at most four digits and a small width, and any text between. */
const WRITTEN =
  /^(?:[^[\]]|\[[YMDdFWwXxHhmsfPZz](?:[01#]{1,4}|Nn?|n|0101|01:01)?(?:,(?:\d|\*)(?:-\d)?)?\])*$/;
/** The same, but for separators that no component could match: a text can then be read in one way only. */
const READ =
  /^(?:\[[YMDdHhmsfPZ](?:[01]{1,4}|01:01)?(?:,\d-\d)?\](?:[-/:., T]+|$))*(?:\[Z(?:0101|01:01)?\]|Z|)$/;
const NUMBER = /^[-#0,. €$£%()+]*(?:;[-#0,. €$£%()+]*)?$/;
const INTEGER = /^[#0,. ]*(?:;[co])?$/;

const isShort = (text: unknown): text is string => typeof text === 'string' && text.length <= LONGEST;

/** Returns true where a time is written by the picture quickly; a missing picture is the standard one. */
export const writesTime = (picture: unknown): boolean =>
  picture === undefined || (isShort(picture) && WRITTEN.test(picture));

/** Returns true where a text is read by the picture quickly. */
export const readsTime = (text: unknown, picture: unknown): boolean =>
  (text === undefined || isShort(text)) &&
  (picture === undefined || (isShort(picture) && READ.test(picture)));

export const writesNumber = (picture: unknown): boolean => isShort(picture) && NUMBER.test(picture);

export const writesInteger = (picture: unknown): boolean => isShort(picture) && INTEGER.test(picture);
