/**
 * The seconds that a platform should wait, after the longest possible drain (finishing the running tasks) is over,
 * before it kills the process.
 */
const KILL_MARGIN_SECONDS = 5;
/** The largest stopTimeout that Fargate allows, in seconds ("Amazon ECS task definition parameters for Fargate"). */
export const FARGATE_MOST_SECONDS = 120;

/**
 * Returns the seconds that a platform should wait between SIGTERM and SIGKILL.
 * @param drainMs the most milliseconds that a drain (finishing the running tasks) may take
 */
export const killAfterSeconds = (drainMs: number): number => Math.ceil(drainMs / 1000) + KILL_MARGIN_SECONDS;
