import { pathToFileURL } from 'node:url';
import { OWN_FOLDER } from './package.js';

const FRAMES_LIMIT = 12;
/**
 * The folder of this package's TypeScript sources. Stack frames show it if the package runs from a checkout with source
 * maps. The published package has neither source maps nor sources.
 */
const OWN_SOURCES = OWN_FOLDER?.replace(/\bdist\/src\/framework\/$/, 'src/framework/');

/** The working directory at the start, as a path and as a URL, both with a slash at the end; empty if it is unknown. */
const HERE: readonly string[] = workingDirectory();

function workingDirectory(): string[] {
  try {
    const path = `${process.cwd()}/`;
    return path === '//' ? [] : [pathToFileURL(path).href, path];
  } catch {
    // The directory was deleted.
    return [];
  }
}

/**
 * Returns the frames of the user's code that the handler's call led to, with paths relative to the working directory:
 * the same in a test, in a worker, and on every machine.
 */
export function traceLines(stack: string): string[] {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const users = framesOfHandler(frames).filter(isOfUser);
  return (users.length > 0 ? users : frames).slice(0, FRAMES_LIMIT).map((line) => shown(line.trim()));
}

/**
 * Returns the file and the line of the user's code that was called last, as in `src/a.ts:17`; undefined if none was.
 */
export function userPlace(stack: string): string | undefined {
  const frame = stack.split('\n').find((line) => /^\s+at /.test(line) && isOfUser(line) && !isNative(line));
  return frame && /(?:\(|at (?:async )?)([^()]+:\d+):\d+\)?$/.exec(shown(frame.trim()))?.[1];
}

/** Returns the frames inside the outermost one of Stepwright; all frames if none of them called the user's code. */
function framesOfHandler(lines: readonly string[]): readonly string[] {
  const frames = lines.filter((line, index) => !(isNative(line) && isOwn(lines[index - 1])));
  const outermost = frames.findLastIndex((line) => isOwn(line));
  return outermost > frames.findIndex(isOfUser) ? frames.slice(0, outermost) : frames;
}

/** True for a function of JavaScript. `new Promise` or `Array.map` around a function of Stepwright is Stepwright's. */
const isNative = (line: string): boolean => line.endsWith(' (<anonymous>)');

/**
 * True for a stack frame of this package, which shows nothing of the user's code. In a bundle no frame is known to be.
 */
const isOwn = (line = ''): boolean =>
  OWN_FOLDER !== undefined &&
  (line.includes(OWN_FOLDER) || (OWN_SOURCES !== undefined && line.includes(OWN_SOURCES)));
const isOfUser = (line: string): boolean => !isOwn(line) && !/[( ]node:/.test(line);

function shown(line: string): string {
  for (const folder of HERE) {
    const at = line.indexOf(folder);
    if (at > 0 && '( '.includes(line.charAt(at - 1)))
      return line.slice(0, at) + line.slice(at + folder.length);
  }
  return line;
}
