import { expressions } from './recorded/expressions.js';
import { paths } from './recorded/paths.js';
import { pointers } from './recorded/pointers.js';
import { services } from './recorded/services.js';
import { spelling } from './recorded/spelling.js';
import { texts } from './recorded/texts.js';
import type { MachineRow } from './row.js';

/** What the recordings say of the language, fact by fact. */
export const recorded: MachineRow[] = [
  ...pointers,
  ...texts,
  ...services,
  ...spelling,
  ...paths,
  ...expressions,
];
