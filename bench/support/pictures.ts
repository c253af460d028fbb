/** Escapes what has a meaning in XML. */
const escape = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const text = (x: number, y: number, words: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="#1b2733" ${more}>${escape(words)}</text>`;

/** An SVG on a white ground, which can be read in light and in dark. */
const svg = (width: number, height: number, title: string, parts: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>',
  ].join('\n');

export interface Bar {
  readonly group: string;
  readonly name: string;
  readonly value: number;
}

const COLOURS = ['#0b6e4f', '#b0413e', '#d98e04', '#6c7a89'];
const [BARS_WIDTH, NAMES_WIDTH, BAR] = [760, 190, 13];

/** Groups of bars. Each carries its name and its figure, so that no colour need be told from another. */
export function barsOf(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value), 1);
  const names = [...new Set(bars.map(({ name }) => name))];
  const parts = [text(16, 24, title, 'font-size="14" font-weight="bold"')];
  let y = 44;
  for (const [index, { group, name, value }] of bars.entries()) {
    if (bars[index - 1]?.group !== group) {
      parts.push(text(16, y + 10, group, 'font-weight="bold"'));
      y += 18;
    }
    const width = Math.max(1, (value / most) * (BARS_WIDTH - NAMES_WIDTH - 90));
    const colour = COLOURS[names.indexOf(name) % COLOURS.length];
    parts.push(
      text(NAMES_WIDTH - 8, y + 10, name, 'text-anchor="end"'),
      `<rect x="${NAMES_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" rx="2" fill="${colour}"/>`,
      text(NAMES_WIDTH + width + 6, y + 10, Math.round(value).toLocaleString('en')),
    );
    y += bars[index + 1]?.group === group ? BAR + 2 : BAR + 20;
  }
  return svg(BARS_WIDTH, y, title, parts);
}

const [LINES_WIDTH, LINES_HEIGHT, LEFT, BOTTOM, TOP] = [720, 300, 40, 30, 20];

/** Lines over the hours of a day, each with its colour. */
export function linesOf(
  title: string,
  lines: readonly { readonly name: string; readonly colour: string; readonly values: readonly number[] }[],
): string {
  const most = Math.max(1, ...lines.flatMap(({ values }) => values));
  const x = (share: number): number => LEFT + share * (LINES_WIDTH - LEFT - 10);
  const y = (value: number): number => LINES_HEIGHT - BOTTOM - (value / most) * (LINES_HEIGHT - BOTTOM - TOP);
  return svg(LINES_WIDTH, LINES_HEIGHT, title, [
    ...lines.map(({ colour, values }) => {
      const points = values.map((each, i) => `${x(i / values.length).toFixed(1)},${y(each).toFixed(1)}`);
      return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(' ')}"/>`;
    }),
    ...lines.map(({ name, colour }, index) =>
      text(LEFT + 10, TOP + 16 * (index + 1), name, `style="fill:${colour}"`),
    ),
    ...[0, 6, 12, 18, 24].map((hour) =>
      text(x(hour / 24), LINES_HEIGHT - 10, `${hour} h`, 'text-anchor="middle"'),
    ),
    ...[0, Math.round(most / 2), most].map((count) =>
      text(LEFT - 6, y(count) + 4, String(count), 'text-anchor="end"'),
    ),
  ]);
}
