/** What Codex tells of the usage limits of its account. */
import * as v from 'valibot';
import type { EventData } from '../../../storage/events';
import { lenient, text } from '../driver/schemas';
import { limitInWords, usageLimit } from '../driver/limits/usageLimit';

const finite = v.pipe(v.number(), v.finite());
/** `resetsAt` is in seconds since 1970. */
const windowSchema = lenient(
  v.object({ usedPercent: finite, windowDurationMins: lenient(finite), resetsAt: lenient(finite) }),
);
export const rateLimitsSchema = v.object({
  rateLimits: v.object({ limitId: lenient(text), primary: windowSchema, secondary: windowSchema }),
});

/** Joins the last notice of the limits with the failure of the turn that met one. */
export class CodexLimits {
  #last: v.InferOutput<typeof rateLimitsSchema>['rateLimits'] | undefined;

  read({ rateLimits }: v.InferOutput<typeof rateLimitsSchema>): void {
    this.#last = rateLimits;
  }

  /** The data of a failed turn's error. `info` is what Codex says of its kind. */
  errorOf(message: string, info: unknown): EventData<'error'> {
    if (info !== 'usageLimitExceeded') return { message };
    const limit = this.#reached() ?? limitInWords(message) ?? {};
    return { message, limit };
  }

  /** Of several windows that are used up, the one that ends last. */
  #reached(): EventData<'error'>['limit'] {
    const known = [this.#last?.primary, this.#last?.secondary].flatMap((each) => each ?? []);
    const full = known.filter(({ usedPercent }) => usedPercent >= 100);
    const [last] = (full.length > 0 ? full : known.slice(0, 1)).sort((a, b) => (b.resetsAt ?? 0) - (a.resetsAt ?? 0));
    if (last?.resetsAt === undefined) return undefined;
    const { windowDurationMins: minutes } = last;
    return usageLimit(last.resetsAt * 1000, minutes === undefined ? undefined : `${minutes}_minutes`);
  }
}
