import { availableParallelism } from 'node:os';

// `npm run jest` starts Jest with --max-semi-space-size=64: promises and messages die young, and fewer collections are
// needed.
export default {
  testEnvironment: '<rootDir>/test/support/environment.js',
  // Many a test waits for sockets and processes. Thorough runs leave more of the machine to each, since some of them
  // measure how long others wait.
  maxWorkers: Math.ceil(availableParallelism() * (process.env.STEPWRIGHT_THOROUGH === '1' ? 1.5 : 2)),
  // Nothing is timed by it: these machines may be busy.
  testTimeout: 60_000,
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // What takes long where other tests show the same sooner: `npm run check:thorough` tries it.
  testPathIgnorePatterns: [
    '/fixtures/',
    ...(process.env.STEPWRIGHT_THOROUGH === '1' ? [] : ['\\.thorough\\.test\\.ts$']),
  ],
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
