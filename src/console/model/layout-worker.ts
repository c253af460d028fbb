import type { Group } from './definition.js';
import { layOut } from './layout.js';

// Lays large machines out beside the page, which stays answering meanwhile.
addEventListener('message', ({ data }: MessageEvent<Group>) => postMessage(layOut(data)));
