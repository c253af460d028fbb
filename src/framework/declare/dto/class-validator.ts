import { loadLibrary } from '../../base/load-library.js';

/**
 * The parts of class-validator that every start needs. They are loaded with `require`, because for an `import` Node
 * searches the text of the library's 136 files for exported names. That took a tenth of the start of a CommonJS app.
 */
export const { getMetadataStorage, IS_OPTIONAL, useContainer, ValidationTypes } = loadLibrary(
  'class-validator',
) as typeof import('class-validator');
