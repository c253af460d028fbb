/**
 * Returns the options with which @swc/jest compiles decorated classes, so that the types of their parameters are
 * emitted.
 */
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

/**
 * The settings that both presets share. The packages named here are resolved from the project's root folder, since they
 * belong to the project.
 */
export const common = {
  testEnvironment: 'node',
  setupFiles: ['reflect-metadata'],
  // The output folder of tsc is ignored, since compiled tests in it would run a second time.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  // In TypeScript, './greeter.ts' is imported as './greeter.js'. A real .js file is tried first, since packages
  // contain such files.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts', '$1.tsx'] },
};
