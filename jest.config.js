import { availableParallelism } from 'node:os';

// `npm run jest` starts Jest with --max-semi-space-size=64: promises and messages die young, and fewer collections are
// needed.
// `npm test` runs what a developer runs ten times a day. `npm run check:thorough` runs what takes processes, matrices, many
// runs of a property or a browser: the files named `*.thorough.test.ts`, and no other.
const THOROUGH = process.env.STEPWRIGHT_THOROUGH === '1';
/** The tests that the pages show. They are named as a user names tests, and belong to the thorough run. */
const EXAMPLES = ['docs/testing', 'handler/examples'];

export default {
  testEnvironment: '<rootDir>/test/support/environment.js',
  // Many tests wait for sockets and processes. Thorough runs leave more of the machine to each, since some of them
  // measure how long others wait.
  maxWorkers: Math.ceil(availableParallelism() * (THOROUGH ? 1.5 : 2)),
  // Nothing is timed by it: these machines may be busy.
  testTimeout: THOROUGH ? 600_000 : 60_000,
  roots: ['<rootDir>/test'],
  testMatch: THOROUGH
    ? ['**/*.thorough.test.ts', ...EXAMPLES.map((folder) => `**/${folder}/**/*.test.ts`)]
    : ['**/!(*.thorough).test.ts'],
  testPathIgnorePatterns: ['/fixtures/', ...(THOROUGH ? [] : EXAMPLES.map((folder) => `/${folder}/`))],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  setupFiles: ['reflect-metadata', '<rootDir>/test/support/setup.js'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^stepwright$': '<rootDir>/src/framework/index.ts',
    '^stepwright/(testing|local|nestjs)$': '<rootDir>/src/framework/$1/index.ts',
    '^stepwright/(s3|dynamodb)$': '<rootDir>/src/framework/aws/stores/$1.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: true,
          },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: true,
      },
    ],
  },
};
