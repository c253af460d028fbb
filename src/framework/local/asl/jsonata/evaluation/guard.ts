import { weigh } from '../../values/json.js';
import type { Depths } from './depth.js';
import { replacementOf, type Builtin } from './builtins.js';
import { LimitReached, MOST_BYTES } from './limits.js';

/** The number of steps between two checks of the time. */
const STEPS_BETWEEN_LOOKS = 64;

/**
 * The names under which the JSONata library looks up its hooks: functions that it calls at the start (ENTER) and end
 * (LEAVE) of each step, and for each new frame of variables (NEW_FRAME).
 */
const ENTER = Symbol.for('jsonata.__evaluate_entry');
const LEAVE = Symbol.for('jsonata.__evaluate_exit');
export const NEW_FRAME = Symbol.for('jsonata.__createFrame_push');

/** A frame is the JSONata library's store for the variables of one scope: a block, a call of a function and so on. */
export interface Frame {
  lookup: (name: unknown) => unknown;
  /** The nesting depth at which the function that this frame belongs to was called. @default 0 */
  base?: number;
}

interface Node {
  readonly type?: string;
  readonly group?: unknown;
  readonly steps?: readonly Node[];
}

/**
 * The types of syntax node whose result is a new value. All other nodes return a value that exists already, so its size
 * needn't be checked again.
 */
const NEW_VALUE_TYPES = new Set(['unary', 'function', 'apply', 'descendant', 'wildcard']);

/**
 * Returns the function to register as the NEW_FRAME hook of an expression. The library calls it with each new frame, and
 * it replaces the frame's `lookup`.
 *
 * The library calls `lookup(ENTER)` before every step. It returns undefined and not a hook, because the library would
 * await the hook, and evaluations would take half as long again.
 * @param depths measures the nesting; undefined if the expression can't be nested too deeply
 * @param isOver returns true if the evaluation has used up its time. Undefined if it is ended from outside
 */
export function watchFrames(
  depths: Depths | undefined,
  isOver: (() => boolean) | undefined,
): (enclosing: Frame, frame: Frame) => void {
  let steps = 0;
  const onFrame = (enclosing: Frame, frame: Frame): void => {
    const { lookup } = frame;
    frame.base = enclosing.base ?? 0;
    frame.lookup = (name) => {
      if (name === ENTER) {
        if (isOver && ++steps % STEPS_BETWEEN_LOOKS === 0 && isOver()) throw new LimitReached('time');
        depths?.entering(frame.base ?? 0);
        return undefined;
      }
      if (name === LEAVE) return leave;
      if (name === NEW_FRAME) return onFrame;
      const value = lookup(name);
      if (isBuiltin(value)) return replacementOf(String(name), value);
      return depths ? depths.called(value) : value;
    };
  };
  return onFrame;
}

/**
 * The number of items that each step of a path has returned for all items of the step before. The library joins them at once, in a
 * loop that nothing can end: V8 would end the process.
 */
export const JOINED = new WeakMap<object, number>();

function leave(node: Node, _input: unknown, _frame: Frame, result: unknown): void {
  if (typeof result === 'string') {
    if (result.length > MOST_BYTES) throw new LimitReached('size');
  } else if (typeof result === 'object' && result !== null) {
    const before = Array.isArray(result) ? JOINED.get(node) : undefined;
    if (before !== undefined) JOINED.set(node, before + (result as unknown[]).length);
    if (Number(before) > MOST_BYTES / 2) throw new LimitReached('size');
    const isNew = NEW_VALUE_TYPES.has(node.type ?? '') || node.group !== undefined || 'sequence' in result;
    if (isNew && !weigh(result, MOST_BYTES)) throw new LimitReached('size');
  }
  for (const step of node.steps ?? []) JOINED.set(step, 0);
}

function isBuiltin(value: unknown): value is Builtin {
  return typeof value === 'object' && value !== null && '_jsonata_function' in value;
}
