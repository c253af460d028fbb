import { allStates, type Group, readDefinition } from './definition.js';
import { type Drawing, layOut } from './layout.js';

/** Above so many states the layout takes long enough to be felt. */
const IN_PAGE = 200;
const KEPT = 20;

const drawings = new Map<string, Promise<Drawing | undefined>>();

/** The drawing of a definition, laid out once. Undefined where it is none. */
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
  return [...allStates(group)].length > IN_PAGE ? drawElsewhere(group) : layOut(group);
}

function drawElsewhere(group: Group): Promise<Drawing> {
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
