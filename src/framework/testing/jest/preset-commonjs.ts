import { common, swc } from './swc.js';

/** The preset `stepwright/jest/commonjs`: tests run as CommonJS, to which Stepwright itself is compiled as well. */
export default {
  ...common,
  transform: {
    '^.+\\.tsx?$': swc('commonjs'),
    '[/\\\\]node_modules[/\\\\]stepwright[/\\\\]dist[/\\\\].+\\.js$': swc('commonjs'),
  },
  // The second form is pnpm's.
  transformIgnorePatterns: [
    '[/\\\\]node_modules[/\\\\](?!stepwright[/\\\\]|\\.pnpm[/\\\\][^/\\\\]+[/\\\\]node_modules[/\\\\]stepwright[/\\\\])',
  ],
};
