/** A module that a handler of a test imports while it runs. */
export const late = 'loaded';
