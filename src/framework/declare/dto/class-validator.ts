import { loadLibrary } from '../../base/load-library.js';

/**
 * The parts of class-validator that every start needs. They are required, not imported: for an `import` Node searches
 * the text of its 136 files for what they export, which took a tenth of the start of an app in CommonJS.
 */
export const { getMetadataStorage, IS_OPTIONAL, useContainer, ValidationTypes } = loadLibrary(
  'class-validator',
) as typeof import('class-validator');
