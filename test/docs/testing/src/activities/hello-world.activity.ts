export * from '../../../../../src/activities/hello-world.activity.js';
