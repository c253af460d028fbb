import { oneCopyFix, type OtherCopy, otherCopies, ourCopy } from '../other-copies.js';
import type { Problem } from '../../base/errors.js';
import type { Constructor } from '../class.js';

const NAME = 'class-transformer';
const STORAGE = 'cjs/storage.js';
/** The maps in which class-transformer keeps what its decorators declare, by class. */
const MAPS = ['_typeMetadatas', '_transformMetadatas', '_exposeMetadatas', '_excludeMetadatas'];

type Found = Omit<Problem, 'where'>;

/**
 * The problems of the classes that were examined. A class keeps the decorators with which it was defined, and the copies
 * that they come from were loaded before.
 */
const examined = new WeakMap<Constructor<object>, Found[]>();

/**
 * Returns a problem if the decorators of class-transformer on a class come from another copy of it than Stepwright
 * uses. Stepwright then doesn't see them.
 */
export function otherDecorators(type: Constructor<object>): Found[] {
  const known = examined.get(type);
  if (known) return known;
  const other = otherCopies(NAME, STORAGE).find(({ exports }) => isDecoratedIn(exports, type));
  const found: Found[] = other ? [apart(type, other)] : [];
  examined.set(type, found);
  return found;
}

function apart({ name }: Constructor, { folder }: OtherCopy): Found {
  const what = `the @Type, @Transform and @Expose of ${name} come from another copy of ${NAME} (${folder}) than Stepwright uses (${ourCopy(NAME, STORAGE)}), and have no effect`;
  return { code: 'TWO_COPIES', what, fix: oneCopyFix(NAME) };
}

function isDecoratedIn(module: object, type: Constructor<object>): boolean {
  const storage: unknown = Reflect.get(module, 'defaultMetadataStorage');
  if (typeof storage !== 'object' || storage === null) return false;
  return MAPS.some((name) => {
    const map: unknown = Reflect.get(storage, name);
    return map instanceof Map && map.has(type);
  });
}
