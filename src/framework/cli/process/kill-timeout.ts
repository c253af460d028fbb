/** The seconds that are added to the longest drain before a platform should kill. */
const KILL_MARGIN_SECONDS = 5;
/** The largest stopTimeout of Fargate ("Amazon ECS task definition parameters for Fargate"). */
export const FARGATE_MOST_SECONDS = 120;

/** Returns the seconds that a platform should leave between SIGTERM and SIGKILL. @param drainMs the longest drain */
export const killAfterSeconds = (drainMs: number): number => Math.ceil(drainMs / 1000) + KILL_MARGIN_SECONDS;
