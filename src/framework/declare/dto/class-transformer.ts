import { loadLibrary } from '../../base/load-library.js';

let library: typeof import('class-transformer') | undefined;

/** Loads class-transformer, at the first value that needs it: few inputs and outputs hold such a value. */
export const classTransformer = (): typeof import('class-transformer') =>
  (library ??= loadLibrary('class-transformer') as typeof import('class-transformer'));
