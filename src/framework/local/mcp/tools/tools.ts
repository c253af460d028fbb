import type { Tool } from '../tool.js';
import { definitionTools } from './definition-tools.js';
import { executionTools } from './execution-tools.js';
import { machineTools } from './machine-tools.js';
import { projectTools } from './project-tools.js';
import { taskTools } from './task-tools.js';

/** All tools, in the order in which they are listed. */
export const tools: readonly Tool[] = [
  ...machineTools,
  ...definitionTools,
  ...executionTools,
  ...taskTools,
  ...projectTools,
];
