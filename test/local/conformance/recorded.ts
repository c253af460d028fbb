import { expressions } from './recorded/expressions.js';
import { nested } from './recorded/nested.js';
import { paths } from './recorded/paths.js';
import { pointers } from './recorded/pointers.js';
import { services } from './recorded/services.js';
import { spelling } from './recorded/spelling.js';
import { texts } from './recorded/texts.js';
import type { MachineRow } from './row.js';

/** The facts of the language that recordings show. */
export const recorded: MachineRow[] = [
  ...pointers,
  ...texts,
  ...services,
  ...nested,
  ...spelling,
  ...paths,
  ...expressions,
];
