// class-transformer keeps what its decorators wrote here, and exports it from no door of its own.
declare module 'class-transformer/cjs/storage.js' {
  import type { MetadataStorage } from 'class-transformer/types/MetadataStorage.js';
  export const defaultMetadataStorage: MetadataStorage;
}
// The enumeration alone: the one door loads everything else with it.
declare module 'class-transformer/cjs/enums/index.js' {
  export { TransformationType } from 'class-transformer';
}
