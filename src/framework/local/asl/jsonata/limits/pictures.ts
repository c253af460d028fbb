/**
 * The most characters of a picture (JSONata's word for a format of numbers or times) that is used on the main thread.
 * The library turns a picture into a regular expression or a loop, which may run for ever. Only short pictures of a
 * simple form are certain to be quick. An expression with any other is evaluated in a thread.
 */
const LONGEST = 64;

/**
 * Matches a simple picture for formatting a time. It consists of components, such as `[Y0001]` or `[MNn]`, with at most
 * four digits and a small width, and of any text between them.
 */
const WRITTEN =
  /^(?:[^[\]]|\[[YMDdFWwXxHhmsfPZz](?:[01#]{1,4}|Nn?|n|0101|01:01)?(?:,(?:\d|\*)(?:-\d)?)?\])*$/;
/**
 * Matches a simple picture for parsing a time. Each separator between two components must be a character that can't be
 * part of a component, so that there is only one way to parse a string.
 */
const READ =
  /^(?:\[[YMDdHhmsfPZ](?:[01]{1,4}|01:01)?(?:,\d-\d)?\](?:[-/:., T]+|$))*(?:\[Z(?:0101|01:01)?\]|Z|)$/;
const NUMBER = /^[-#0,. €$£%()+]*(?:;[-#0,. €$£%()+]*)?$/;
const INTEGER = /^[#0,. ]*(?:;[co])?$/;

const isShort = (text: unknown): text is string => typeof text === 'string' && text.length <= LONGEST;

/**
 * Returns true if formatting a time with this picture is certain to be quick. Undefined stands for the default picture.
 */
export const writesTime = (picture: unknown): boolean =>
  picture === undefined || (isShort(picture) && WRITTEN.test(picture));

/** Returns true if parsing this string with this picture is certain to be quick. */
export const readsTime = (text: unknown, picture: unknown): boolean =>
  (text === undefined || isShort(text)) &&
  (picture === undefined || (isShort(picture) && READ.test(picture)));

export const writesNumber = (picture: unknown): boolean => isShort(picture) && NUMBER.test(picture);

export const writesInteger = (picture: unknown): boolean => isShort(picture) && INTEGER.test(picture);
