// The parts of class-validator that every start needs.
export { getMetadataStorage, IS_OPTIONAL, useContainer, ValidationTypes } from 'class-validator';
