import { useEffect, useReducer } from 'preact/hooks';
import type { FormatJob, Formatted } from '../../worker/format';
import { pageFormatter } from './pageFormatter';

/** The formatted text; undefined while it is not, and where it cannot be. `job` is undefined for none at all. */
export function useFormatted<K extends keyof Formatted>(job: FormatJob<K> | undefined): Formatted[K] | undefined {
  const [, repaint] = useReducer((renders: number) => renders + 1, 0);
  useEffect(() => {
    if (job === undefined || pageFormatter.known(job).isKnown) return;
    const shown = new AbortController();
    void pageFormatter.format(job, shown.signal).then(() => {
      if (!shown.signal.aborted) repaint(undefined);
    });
    return () => {
      shown.abort();
    };
  }, [job?.kind, job?.text, job?.language]);
  // A job of kind K becomes what K stands for.
  return job === undefined ? undefined : (pageFormatter.known(job).result as Formatted[K] | undefined);
}
