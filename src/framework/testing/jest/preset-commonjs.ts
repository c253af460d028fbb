import { common, swc } from './swc.js';

/**
 * The Jest preset `stepwright/jest/commonjs`. Tests run as CommonJS, so Stepwright's own ES modules are compiled to
 * CommonJS too.
 */
export default {
  ...common,
  transform: {
    '^.+\\.tsx?$': swc('commonjs'),
    '[/\\\\]node_modules[/\\\\]stepwright[/\\\\]dist[/\\\\].+\\.js$': swc('commonjs'),
  },
  // The second alternative matches the paths of pnpm.
  transformIgnorePatterns: [
    '[/\\\\]node_modules[/\\\\](?!stepwright[/\\\\]|\\.pnpm[/\\\\][^/\\\\]+[/\\\\]node_modules[/\\\\]stepwright[/\\\\])',
  ],
};
