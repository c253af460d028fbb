/** The seconds between the end of the longest drain and the kill. */
const KILL_MARGIN_SECONDS = 5;
/** "Amazon ECS task definition parameters for Fargate": the largest stopTimeout. */
export const FARGATE_MOST_SECONDS = 120;

/** Returns the seconds that a platform should leave between SIGTERM and SIGKILL. */
export const killAfterSeconds = (drainMs: number): number => Math.ceil(drainMs / 1000) + KILL_MARGIN_SECONDS;
