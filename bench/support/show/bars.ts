/** Groups of bars in one picture. */
export interface Bars {
  readonly title: string;
  readonly series: readonly string[];
  readonly groups: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const WIDTH = 760;
const BAR = 13;
const GAP = 18;
const LEFT = 190;
const COLOURS = ['#0b6e4f', '#b0413e', '#d98e04', '#6c7a89', '#a5b1bd'];

/** An SVG that can be read in light and in dark, and without colours: each bar carries its name and its figure. */
export function asSvg({ title, series, groups }: Bars): string {
  const most = Math.max(...groups.flatMap(({ values }) => values.filter(Number.isFinite)), 1);
  const parts: string[] = [];
  let y = 44;
  for (const { name, values } of groups) {
    parts.push(text(16, y + 10, name, 'font-weight="bold"'));
    y += 18;
    for (const [index, value] of values.entries()) {
      if (!Number.isFinite(value)) continue;
      const width = Math.max(1, (value / most) * (WIDTH - LEFT - 90));
      const colour = COLOURS[index % COLOURS.length] ?? '#000';
      parts.push(
        text(LEFT - 8, y + 10, series[index] ?? '', 'text-anchor="end"'),
        `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" rx="2" fill="${colour}"/>`,
        text(LEFT + width + 6, y + 10, Math.round(value).toLocaleString('en')),
      );
      y += BAR + 2;
    }
    y += GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="11" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${y}" fill="#fff"/>`,
    text(16, 24, title, 'font-size="14" font-weight="bold"'),
    ...parts,
    '</svg>',
  ].join('\n');
}

const text = (x: number, y: number, words: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="#1b2733" ${more}>${escape(words)}</text>`;

const escape = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
