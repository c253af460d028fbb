import { common, swc } from './swc.js';

/** `preset: 'stepwright/jest/commonjs'`: tests as CommonJS, for which Stepwright itself is compiled too. */
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
