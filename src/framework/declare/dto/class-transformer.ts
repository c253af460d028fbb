import { loadLibrary } from '../../base/load-library.js';

let library: typeof import('class-transformer') | undefined;

/** Loads class-transformer when a value first needs it. Most inputs and outputs contain no such value. */
export const classTransformer = (): typeof import('class-transformer') =>
  (library ??= loadLibrary('class-transformer') as typeof import('class-transformer'));
