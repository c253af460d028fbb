import { loadLibrary } from '../../base/load-library.js';

export const { Argument, Command, InvalidArgumentError, Option } = loadLibrary(
  'commander',
) as typeof import('commander');
