// class-transformer keeps in this module what its decorators record, and doesn't export it from its index.
declare module 'class-transformer/cjs/storage.js' {
  import type { MetadataStorage } from 'class-transformer/types/MetadataStorage.js';
  export const defaultMetadataStorage: MetadataStorage;
}
// The options that class-transformer hands to a `@Transform`, where the caller sets none.
declare module 'class-transformer/cjs/constants/default-options.constant.js' {
  import type { ClassTransformOptions } from 'class-transformer';
  export const defaultOptions: ClassTransformOptions;
}
// The index of class-transformer would load the whole library for this one enum.
declare module 'class-transformer/cjs/enums/index.js' {
  export { TransformationType } from 'class-transformer';
}
