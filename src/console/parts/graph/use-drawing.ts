import { useEffect, useState } from 'preact/hooks';
import type { Drawing } from '../../model/drawing/drawing.js';
import { drawingOf } from '../../model/drawing/drawings.js';

/** Returns the drawing of a definition; undefined until the layout is done. */
export function useDrawing(definition: string): Drawing | undefined {
  const [drawing, setDrawing] = useState<Drawing>();
  useEffect(() => {
    let gone = false;
    drawingOf(definition).then(
      (made) => !gone && setDrawing(made),
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [definition]);
  return drawing;
}
