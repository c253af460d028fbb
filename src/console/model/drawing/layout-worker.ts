import type { Group } from '../definition.js';
import { layOut } from './layout.js';

// Lays large machines out beside the page, which stays responsive meanwhile.
addEventListener('message', ({ data }: MessageEvent<Group>) => postMessage(layOut(data)));
