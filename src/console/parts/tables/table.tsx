import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface TableProps {
  /** The table's name, only for screen readers. */
  readonly caption: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A table. If it is too wide for the page, it can be scrolled sideways, also with the keyboard. */
export function Table({ caption, class: name, children }: TableProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const element = frame.current;
    const table = element?.firstElementChild;
    if (!element || !table) return undefined;
    const watch = new ResizeObserver(() => setScrolls(element.scrollWidth > element.clientWidth));
    watch.observe(element);
    watch.observe(table);
    return () => watch.disconnect();
  }, []);
  const asRegion = scrolls ? { tabIndex: 0, role: 'region' as const, 'aria-label': caption } : {};
  return (
    <div class="table-frame" ref={frame} {...asRegion}>
      <table class={name}>
        <caption class="sr">{caption}</caption>
        {children}
      </table>
    </div>
  );
}
