/// <reference types="reflect-metadata" />
import { loadLibrary } from './load-library.js';

// Imported before any code that reads or writes the types that the compiler has emitted.
loadLibrary('reflect-metadata');
