/**
 * Pictures (formats of numbers and times) are checked before they are used on the main thread. The library turns a
 * picture into a regular expression or a loop, and some of these never end. Only short pictures of a simple form are
 * known to be quick; any other is used in a thread.
 */
const LONGEST = 64;

/**
 * Matches a picture for writing a date: components of digits or names, each with at most four digits and a small width,
 * and any text between them.
 */
const WRITTEN =
  /^(?:[^[\]]|\[[YMDdFWwXxHhmsfPZz](?:[01#]{1,4}|Nn?|n|0101|01:01)?(?:,(?:\d|\*)(?:-\d)?)?\])*$/;
/**
 * Matches a picture for reading a date. Only separators that can't belong to a component are allowed, so that a text
 * can be read in only one way.
 */
const READ =
  /^(?:\[[YMDdHhmsfPZ](?:[01]{1,4}|01:01)?(?:,\d-\d)?\](?:[-/:., T]+|$))*(?:\[Z(?:0101|01:01)?\]|Z|)$/;
const NUMBER = /^[-#0,. €$£%()+]*(?:;[-#0,. €$£%()+]*)?$/;
const INTEGER = /^[#0,. ]*(?:;[co])?$/;

const isShort = (text: unknown): text is string => typeof text === 'string' && text.length <= LONGEST;

/** Returns true if writing a time with the picture is quick. If the picture is undefined, the standard one is used. */
export const writesTime = (picture: unknown): boolean =>
  picture === undefined || (isShort(picture) && WRITTEN.test(picture));

/** Returns true if reading a text with the picture is quick. */
export const readsTime = (text: unknown, picture: unknown): boolean =>
  (text === undefined || isShort(text)) &&
  (picture === undefined || (isShort(picture) && READ.test(picture)));

export const writesNumber = (picture: unknown): boolean => isShort(picture) && NUMBER.test(picture);

export const writesInteger = (picture: unknown): boolean => isShort(picture) && INTEGER.test(picture);
