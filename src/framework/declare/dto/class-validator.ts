import { loadLibrary } from '../../base/load-library.js';

/**
 * The parts of class-validator that every start needs. They are loaded by `require`: for an `import`, Node searches the
 * text of the library's 136 files for exported names, which took a tenth of the start of an app in CommonJS.
 */
export const { getMetadataStorage, IS_OPTIONAL, useContainer, ValidationTypes } = loadLibrary(
  'class-validator',
) as typeof import('class-validator');
