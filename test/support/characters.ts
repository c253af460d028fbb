import * as fc from 'fast-check';

/**
 * A character of any script. The unit `binary` of fast-check is the same, but to say how it shrinks, it takes a second to
 * list a million characters.
 */
export const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));
