/** The number of workers in each five minutes of the day, with the name of who decided it. */
export type Curve = readonly [who: string, workers: readonly number[]];

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 300, 40, 30, 20];
const HOURS = 24;
/** Those that the picture shows, each with its colour. */
const SHOWN: Readonly<Record<string, string>> = {
  oracle: '#888888',
  'ours, keda.yaml': '#0a6b2d',
  'full slots (HPA)': '#d98c00',
  'ECS before': '#a3171c',
};

/** Draws the day's curves as an SVG. */
export function dayPicture(curves: readonly Curve[]): string {
  const shown = curves.filter(([who]) => Object.hasOwn(SHOWN, who));
  const most = Math.max(1, ...shown.flatMap(([, workers]) => workers));
  const x = (hour: number): number => LEFT + (hour / HOURS) * (WIDTH - LEFT - 10);
  const y = (workers: number): number => HEIGHT - BOTTOM - (workers / most) * (HEIGHT - BOTTOM - TOP);
  const lines = shown.map(([who, workers]) => {
    const points = workers.map((each, index) => `${x((index * 5) / 60).toFixed(1)},${y(each).toFixed(1)}`);
    return `<polyline fill="none" stroke="${SHOWN[who]}" stroke-width="2" points="${points.join(' ')}"/>`;
  });
  const names = shown.map(
    ([who], index) =>
      `<text x="${LEFT + 10}" y="${TOP + 16 * (index + 1)}" fill="${SHOWN[who]}">${who}</text>`,
  );
  const hours = [0, 6, 12, 18, 24].map(
    (hour) => `<text x="${x(hour)}" y="${HEIGHT - 10}" text-anchor="middle" fill="#666">${hour} h</text>`,
  );
  const counts = [0, Math.round(most / 2), most].map(
    (count) => `<text x="${LEFT - 6}" y="${y(count) + 4}" text-anchor="end" fill="#666">${count}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    `<title>Workers over a day of 0 to 100 tasks a minute</title><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...[...lines, ...names, ...hours, ...counts],
    '</svg>',
  ].join('\n');
}
