/** Returns the options with which @swc/jest compiles decorated classes, so that a test finds what they declare. */
export const swc = (module: 'es6' | 'commonjs'): readonly [string, object] => [
  '@swc/jest',
  {
    swcrc: false,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
      keepClassNames: true,
    },
    module: { type: module },
    sourceMaps: 'inline',
  },
];

/** The settings of both presets. All packages named here are the project's own, found from its root folder. */
export const common = {
  testEnvironment: 'node',
  setupFiles: ['reflect-metadata'],
  // The output of tsc, where compiled tests would run a second time.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  // TypeScript imports './greeter.ts' as './greeter.js'. A real .js comes first, since packages have theirs.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts', '$1.tsx'] },
};
