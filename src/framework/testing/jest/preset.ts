import { common, swc } from './swc.js';

/** `preset: 'stepwright/jest'`: tests as ES modules. Jest needs `node --experimental-vm-modules` for them. */
export default {
  ...common,
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '^.+\\.tsx?$': swc('es6') },
};
