import { allStates, type Group, readDefinition } from '../definition.js';
import type { Drawing } from './drawing.js';
import { layOut } from './layout.js';

/**
 * The most states of a machine whose layout is computed on the page's main thread. The layout of a larger machine is
 * computed in a web worker, so that the page keeps responding.
 */
const MOST_IN_PAGE = 200;
const KEPT = 20;

const drawings = new Map<string, Promise<Drawing | undefined>>();

/**
 * Computes the drawing of a definition. The most recent drawings are cached. Resolves with undefined if the definition
 * isn't a JSON object.
 */
export function drawingOf(definition: string): Promise<Drawing | undefined> {
  const known = drawings.get(definition);
  if (known) return known;
  const made = draw(definition);
  drawings.set(definition, made);
  for (const [oldest] of drawings) {
    if (drawings.size <= KEPT) break;
    drawings.delete(oldest);
  }
  return made;
}

async function draw(definition: string): Promise<Drawing | undefined> {
  const group = readDefinition(definition);
  if (!group) return undefined;
  return [...allStates(group)].length > MOST_IN_PAGE ? drawInWorker(group) : layOut(group);
}

function drawInWorker(group: Group): Promise<Drawing> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Drawing>) => {
      resolve(data);
      worker.terminate();
    });
    worker.addEventListener('error', (event) => {
      reject(new Error(event.message));
      worker.terminate();
    });
    worker.postMessage(group);
  });
}
