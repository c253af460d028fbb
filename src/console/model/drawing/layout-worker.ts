import type { Group } from '../definition.js';
import { layOut } from './layout.js';

// Lays out large machines in a web worker, so that the page keeps responding.
addEventListener('message', ({ data }: MessageEvent<Group>) => postMessage(layOut(data)));
