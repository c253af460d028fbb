/**
 * The seconds between the end of the longest possible drain and the time at which a platform should kill the process.
 */
const KILL_MARGIN_SECONDS = 5;
/** The largest stopTimeout that Fargate allows, in seconds ("Amazon ECS task definition parameters for Fargate"). */
export const FARGATE_MOST_SECONDS = 120;

/**
 * Returns the seconds that a platform should wait between SIGTERM and SIGKILL.
 * @param drainMs the longest that a drain may take
 */
export const killAfterSeconds = (drainMs: number): number => Math.ceil(drainMs / 1000) + KILL_MARGIN_SECONDS;
