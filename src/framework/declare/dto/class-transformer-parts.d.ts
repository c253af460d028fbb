// class-transformer keeps what its decorators wrote in here, and exports it nowhere.
declare module 'class-transformer/cjs/storage.js' {
  import type { MetadataStorage } from 'class-transformer/types/MetadataStorage.js';
  export const defaultMetadataStorage: MetadataStorage;
}
// Its public entry would load everything else with this one enumeration.
declare module 'class-transformer/cjs/enums/index.js' {
  export { TransformationType } from 'class-transformer';
}
