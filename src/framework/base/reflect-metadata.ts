// Imported before any code that reads or writes the types that the compiler has emitted.
import 'reflect-metadata';
