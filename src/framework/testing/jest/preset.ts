import vm from 'node:vm';
import { common, swc } from './swc.js';

const WITHOUT_FLAG =
  "Jest runs ES modules only with a flag of Node's, which is missing. Start it by " +
  '`node --experimental-vm-modules node_modules/jest/bin/jest.js`, or set NODE_OPTIONS=--experimental-vm-modules. ' +
  '(A project with "type": "commonjs" needs no flag: preset: \'stepwright/jest/commonjs\'.)';

// Without this check, Jest would report it in ten lines for each test file, as a failed import. Jest prints an
// error's stack, so this error's stack is empty.
if (!('SourceTextModule' in vm)) throw Object.assign(new Error(WITHOUT_FLAG), { stack: '' });

/**
 * The Jest preset `stepwright/jest`. Tests run as ES modules, so Jest must be started with `node
 * --experimental-vm-modules`.
 */
export default {
  ...common,
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '^.+\\.tsx?$': swc('es6') },
};
