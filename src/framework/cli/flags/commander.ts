import { loadLibrary } from '../../base/load-library.js';

export const { Command, InvalidArgumentError, Option } = loadLibrary(
  'commander',
) as typeof import('commander');
