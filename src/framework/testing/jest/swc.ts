/** How @swc/jest must compile decorated classes, so that what they declare is there when a test runs. */
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

/** What both presets hold. All packages named here are the project's own, and found from its root. */
export const common = {
  testEnvironment: 'node',
  setupFiles: ['reflect-metadata'],
  // What tsc writes; tests compiled there would run a second time.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  // TypeScript imports './greeter.ts' as './greeter.js'. A real .js comes first, since packages have theirs.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts', '$1.tsx'] },
};
