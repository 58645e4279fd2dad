import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface ChartProps {
  label: string;
  draw: (widthPx: number) => Element;
  /** Gets the datum under the pointer, if there is any. */
  onClick?: (datum: unknown) => void;
}

/**
 * A chart that is drawn again whenever its width or its data change.
 * Screen readers get one image with a label: a table beside it has the same data.
 */
export function Chart({ label, draw, onClick }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [widthPx, setWidthPx] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      setWidthPx(element.clientWidth);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);
  useLayoutEffect(() => {
    if (widthPx === 0) return;
    const chart = draw(widthPx);
    chart.querySelector('style')?.remove(); // blocked by the page's policy; overview.css has these rules
    chart.setAttribute('aria-hidden', 'true');
    if (onClick !== undefined) {
      chart.addEventListener('click', () => {
        onClick('value' in chart ? chart.value : undefined);
      });
    }
    box.current?.replaceChildren(chart);
  });
  return <div class="chart" role="img" aria-label={label} ref={box} />;
}
