/**
 * Returns options for @swc/jest. They make it compile decorators and emit the types of constructor parameters, which
 * dependency injection needs.
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
 * The settings that both presets share. The packages that are named here are resolved from the user's project, since
 * they are dependencies of that project.
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
