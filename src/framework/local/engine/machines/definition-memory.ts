import type { MemoryPart } from '../answers/memory.js';

/** The most bytes of memory that a compiled machine takes for each character of its definition. */
export const COMPILED = 70;
/** The memory of a machine in addition to its definition. */
const MACHINE_BYTES = 3_000;

/**
 * Counts the memory of one definition: that of its program as long as it may still run, and that of its text as long as
 * a finished execution may still show it. Machines, versions and executions share one definition.
 */
export class DefinitionMemory {
  #runners = 0;
  #readers = 0;
  #counted = 0;

  constructor(
    private readonly part: MemoryPart,
    private readonly chars: number,
  ) {}

  /** Counts the program if there is room for it, and returns true; otherwise returns false. */
  takeForMachine(): boolean {
    const bytes = MACHINE_BYTES + COMPILED * this.chars;
    if (this.#runners === 0 && !this.part.take(bytes - this.#counted)) return false;
    if (this.#runners++ === 0) this.#counted = bytes;
    return true;
  }

  /** A machine, a version or a running execution uses the program too. */
  run(): void {
    this.#runners++;
    this.#count();
  }

  endRun(): void {
    this.#runners--;
    this.#count();
  }

  /** A finished execution uses the text. */
  show(): void {
    this.#readers++;
    this.#count();
  }

  endShow(): void {
    this.#readers--;
    this.#count();
  }

  #count(): void {
    const text = this.#readers > 0 ? this.chars : 0;
    const bytes = this.#runners > 0 ? MACHINE_BYTES + COMPILED * this.chars : text;
    this.part.grow(bytes - this.#counted);
    this.#counted = bytes;
  }
}
