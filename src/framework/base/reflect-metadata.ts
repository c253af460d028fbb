/// <reference types="reflect-metadata" />
import { loadLibrary } from './load-library.js';

// To be imported before whatever reads or writes the types that the compiler wrote down.
loadLibrary('reflect-metadata');
