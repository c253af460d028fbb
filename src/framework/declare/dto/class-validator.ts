import { loadLibrary } from '../../base/load-library.js';

/**
 * What is needed of it in any case. An `import` would have Node search the text of 136 files for what they export, also
 * for an app in CommonJS, which asks for none of it: a tenth of its start.
 */
export const { getMetadataStorage, IS_OPTIONAL, useContainer, ValidationTypes } = loadLibrary(
  'class-validator',
) as typeof import('class-validator');
