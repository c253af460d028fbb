import type { StepFunctions } from '../engine/step-functions.js';
import { ServiceError } from '../engine/service-error.js';
import { excerpt } from './excerpt.js';
import { readArguments, schemaOf, type Fields, type Given } from './fields.js';
import { ToolError } from './tool-error.js';
import type { Waits } from './waits.js';

/** The objects that a call of a tool works with if it needs no service. */
export interface ProjectCall {
  /**
   * Compares the classes of a project with its state machines, and returns the findings as text. Undefined if there is no
   * project.
   */
  readonly checkProject: (() => Promise<string>) | undefined;
  readonly waits: Waits;
  /** Aborts when nobody waits for the result any more. */
  readonly signal: AbortSignal;
}

/** The objects that a call of a tool works with. */
export interface ToolCall extends ProjectCall {
  readonly stepFunctions: StepFunctions;
  /**
   * Runs an operation of the API.
   * @param signal aborts when the result is not wanted any more. @default that of the call
   * @throws ServiceError
   */
  readonly call: <T>(operation: string, body: object, signal?: AbortSignal) => Promise<T>;
}

/** A tool as `tools/list` returns it. */
export interface ToolListing {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: object;
  readonly annotations: object;
}

export interface ToolResult {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
  readonly isError?: true;
}

export interface Tool<Parts = ToolCall> {
  readonly listing: ToolListing;
  /** Runs the tool. All mistakes are results. @throws what is no mistake of the caller */
  readonly run: (given: unknown, parts: Parts) => Promise<ToolResult>;
}

/** The hints of a tool to the client: it changes nothing, or it may end something. @default it changes something */
type Effect = 'reads' | 'ends';

/** Makes a tool of its fields and the function that returns its text. */
export function tool<F extends Fields, Parts = ToolCall>(
  name: string,
  description: string,
  fields: F,
  act: (given: Given<F>, parts: Parts) => string | Promise<string>,
  effect?: Effect,
): Tool<Parts> {
  return {
    listing: {
      name,
      description,
      inputSchema: schemaOf(fields),
      annotations: {
        readOnlyHint: effect === 'reads',
        destructiveHint: effect === 'ends',
        openWorldHint: false,
      },
    },
    run: (given, parts) => resultOf(async () => act(readArguments(fields, given) as Given<F>, parts)),
  };
}

/** Returns the text of a function as a result, and its mistakes as a result too. */
export async function resultOf(text: () => Promise<string>): Promise<ToolResult> {
  try {
    return textResult(await text());
  } catch (error) {
    if (error instanceof ToolError) return failed(error.message);
    if (error instanceof ServiceError) return failed(`${error.type}: ${error.message}`);
    throw error;
  }
}

const textResult = (text: string): ToolResult => ({ content: [{ type: 'text', text }] });

export const failed = (text: string): ToolResult => ({ ...textResult(excerpt(text)), isError: true });
