import { fileURLToPath } from 'node:url';

/** Returns the path of a door of this package, compiled to CommonJS. */
const commonJs = (door: string): string => fileURLToPath(new URL(`../../commonjs/${door}`, import.meta.url));

/**
 * The Jest preset `stepwright/jest/nestjs`, for a project that runs its tests as CommonJS and compiles them itself, as
 * a NestJS application does. Jest can't load the ES modules of Stepwright there, and gets CommonJS ones.
 */
export default {
  moduleNameMapper: {
    '^stepwright$': commonJs('index.js'),
    '^stepwright/(testing|local|nestjs)$': commonJs('$1/index.js'),
    '^stepwright/(s3|dynamodb)$': commonJs('aws/stores/$1.js'),
  },
};
