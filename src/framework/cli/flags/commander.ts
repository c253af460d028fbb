export { Argument, Command, InvalidArgumentError, Option } from 'commander';
